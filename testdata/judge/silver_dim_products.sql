-- "silver.dim_products — one row per product_id. Latest wins, inferred and derived rows as above."

CREATE TABLE silver.dim_products AS
WITH keys AS (
    SELECT product_id FROM work.known_products WHERE origin <> 'inferred'
    UNION
    SELECT product_id FROM silver.fact_sales
)
SELECT k.product_id, p.product_name, coalesce(p.category, 'Uncategorized') AS category, p.subcategory, p.brand,
       p.unit_cost, p.unit_price, coalesce(p.origin, 'inferred') = 'inferred' AS is_inferred, p.updated_at
FROM keys k
LEFT JOIN work.known_products p USING (product_id)
ORDER BY k.product_id;
