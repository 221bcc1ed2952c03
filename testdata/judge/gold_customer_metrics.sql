-- "gold.customer_metrics — one row per dim_customers row. […] A customer without purchases: counts and sums 0.
-- Returns that exceed purchases stay negative."
-- "Sums and counts over no lines are 0, cost and margin included; averages, rates and dates over no lines are NULL."
-- "Where any line's cost is unknown, cost and margin of its group are NULL."

-- "reference_date = newest order_date in the fact + 1 day, or the configured one. Never the wall clock."
CREATE TABLE work.reference AS
SELECT coalesce(getvariable('reference_date')::DATE, max(order_date) + 1) AS reference_date FROM silver.fact_sales;

CREATE TABLE gold.customer_metrics AS
WITH totals AS (
    SELECT customer_id,
           count(DISTINCT order_id) FILTER (line_type = 'sale') AS orders,
           count(DISTINCT order_id) FILTER (line_type = 'return') AS return_orders,
           coalesce(sum(quantity) FILTER (line_type = 'sale'), 0)::BIGINT AS units_sold,
           coalesce(sum(abs(quantity)) FILTER (line_type = 'return'), 0)::BIGINT AS units_returned,
           sum(sales) AS sales, sum(returns) AS returns, sum(revenue) AS revenue,
           coalesce(sum(discount_amount) FILTER (line_type = 'sale'), 0) AS discounts,
           CASE WHEN count(cost) = count(*) THEN sum(cost) END AS cost,
           CASE WHEN count(margin) = count(*) THEN sum(margin) END AS margin,
           count(*) AS lines,
           min(order_date) FILTER (line_type = 'sale') AS first_order_date,
           max(order_date) FILTER (line_type = 'sale') AS last_order_date,
           count(DISTINCT order_date) FILTER (line_type = 'sale') AS sale_dates
    FROM silver.fact_sales
    WHERE customer_id IS NOT NULL
    GROUP BY customer_id
),
filled AS (
    SELECT d.customer_id, coalesce(orders, 0) AS orders, coalesce(return_orders, 0) AS return_orders,
           coalesce(units_sold, 0) AS units_sold, coalesce(units_returned, 0) AS units_returned,
           coalesce(sales, 0)::DECIMAL(28, 4) AS sales, coalesce(returns, 0)::DECIMAL(28, 4) AS returns,
           coalesce(revenue, 0)::DECIMAL(28, 4) AS revenue, coalesce(discounts, 0)::DECIMAL(28, 4) AS discounts,
           CASE WHEN lines IS NULL THEN 0 ELSE cost END::DECIMAL(28, 4) AS cost,
           CASE WHEN lines IS NULL THEN 0 ELSE margin END::DECIMAL(28, 4) AS margin,
           first_order_date, last_order_date, sale_dates
    FROM silver.dim_customers d
    LEFT JOIN totals USING (customer_id)
)
SELECT customer_id, orders, return_orders, units_sold, units_returned, sales, returns, revenue, discounts, cost, margin,
       average(quotient(raw4(sales), orders, 1)) AS aov,
       ratio(quotient(raw4(returns), raw4(sales), 1000000)) AS return_rate,
       ratio(quotient(units_returned, units_sold, 1000000)) AS unit_return_rate,
       ratio(quotient(return_orders, orders, 1000000)) AS order_return_rate,
       first_order_date, last_order_date,
       last_order_date - first_order_date AS lifespan_days,   -- "lifespan_days = last − first"
       reference_date - first_order_date AS tenure_days,      -- "tenure_days = reference_date − first"
       -- "avg_days_between_orders = lifespan_days / (distinct sale dates − 1)"
       average(quotient(last_order_date - first_order_date, sale_dates - 1, 10000)) AS avg_days_between_orders,
       revenue AS clv                                         -- "clv = revenue to date"
FROM filled
CROSS JOIN work.reference
ORDER BY customer_id;
