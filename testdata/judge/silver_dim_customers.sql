-- "silver.dim_customers — one row per customer_id. […] Every customer_id that a fact row names and no customer file has
-- gets an inferred row (is_inferred), so no sale loses its customer."

CREATE TABLE silver.dim_customers AS
WITH newest AS (
    SELECT max(order_date) AS order_date FROM silver.fact_sales
),
named AS (
    SELECT DISTINCT customer_id FROM silver.fact_sales WHERE customer_id IS NOT NULL
),
keys AS (
    SELECT customer_id FROM work.known_customers WHERE origin <> 'inferred'
    UNION
    SELECT customer_id FROM named
)
SELECT k.customer_id, c.first_name, c.last_name, c.full_name, c.email, c.phone, c.gender,
       -- "birth_date? (NULL when after the newest order)"
       CASE WHEN c.birth_date > n.order_date THEN NULL ELSE c.birth_date END AS birth_date,
       c.address, c.city, c.state, c.postal_code, c.country, c.country_code, c.segment, c.signup_date,
       coalesce(c.origin, 'inferred') = 'inferred' AS is_inferred, c.updated_at
FROM keys k
LEFT JOIN work.known_customers c USING (customer_id)
CROSS JOIN newest n
ORDER BY k.customer_id;
