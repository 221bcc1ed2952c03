-- "gold.product_performance — one row per dim_products row."

CREATE TABLE gold.product_performance AS
WITH totals AS (
    SELECT product_id,
           count(DISTINCT order_id) FILTER (line_type = 'sale') AS orders,
           count(DISTINCT customer_id) FILTER (line_type = 'sale') AS customers,
           coalesce(sum(quantity) FILTER (line_type = 'sale'), 0)::BIGINT AS units_sold,
           coalesce(sum(abs(quantity)) FILTER (line_type = 'return'), 0)::BIGINT AS units_returned,
           sum(sales) AS sales, sum(returns) AS returns, sum(revenue) AS revenue,
           coalesce(sum(discount_amount) FILTER (line_type = 'sale'), 0) AS discounts,
           CASE WHEN count(cost) = count(*) THEN sum(cost) END AS cost,
           CASE WHEN count(margin) = count(*) THEN sum(margin) END AS margin,
           count(*) AS lines,
           min(order_date) FILTER (line_type = 'sale') AS first_sold,
           max(order_date) FILTER (line_type = 'sale') AS last_sold
    FROM silver.fact_sales
    GROUP BY product_id
),
filled AS (
    SELECT d.product_id, d.product_name, d.category, coalesce(orders, 0) AS orders, coalesce(customers, 0) AS customers,
           coalesce(units_sold, 0) AS units_sold, coalesce(units_returned, 0) AS units_returned,
           coalesce(sales, 0)::DECIMAL(28, 4) AS sales, coalesce(returns, 0)::DECIMAL(28, 4) AS returns,
           coalesce(revenue, 0)::DECIMAL(28, 4) AS revenue, coalesce(discounts, 0)::DECIMAL(28, 4) AS discounts,
           CASE WHEN lines IS NULL THEN 0 ELSE cost END::DECIMAL(28, 4) AS cost,
           CASE WHEN lines IS NULL THEN 0 ELSE margin END::DECIMAL(28, 4) AS margin,
           first_sold, last_sold
    FROM silver.dim_products d
    LEFT JOIN totals USING (product_id)
),
ranked AS (
    -- "revenue_rank (1 = highest revenue, ties by product_id), category_rank".
    SELECT *, row_number() OVER (ORDER BY revenue DESC, product_id) AS revenue_rank,
              row_number() OVER (PARTITION BY category ORDER BY revenue DESC, product_id) AS category_rank,
              sum(raw4(revenue)) OVER () AS total,
              sum(raw4(revenue)) OVER (ORDER BY revenue DESC, product_id ROWS UNBOUNDED PRECEDING) AS running
    FROM filled
)
SELECT product_id, product_name, category, orders, customers, units_sold, units_returned, sales, returns, revenue,
       discounts, cost, margin,
       ratio(quotient(raw4(margin), raw4(revenue), 1000000)) AS margin_rate,
       average(quotient(raw4(sales), units_sold, 1)) AS average_price,   -- "average_price? (sales / units_sold)"
       ratio(quotient(raw4(returns), raw4(sales), 1000000)) AS return_rate,
       ratio(quotient(units_returned, units_sold, 1000000)) AS unit_return_rate,
       first_sold, last_sold, revenue_rank, category_rank,
       -- "revenue_share? (of Σ revenue of all products; NULL when that is ≤ 0), cumulative_share? (running sum in
       -- revenue_rank order, over the same)".
       CASE WHEN total > 0 THEN ratio(quotient(raw4(revenue), total, 1000000)) END AS revenue_share,
       CASE WHEN total > 0 THEN ratio(quotient(running, total, 1000000)) END AS cumulative_share,
       -- "abc_class (by the unrounded cumulative share before the product: A below 80 %, B below 95 %, else C; C for
       -- revenue ≤ 0)".
       CASE WHEN revenue <= 0 OR total <= 0 THEN 'C'
            WHEN (running - raw4(revenue)) * 100 < total * 80 THEN 'A'
            WHEN (running - raw4(revenue)) * 100 < total * 95 THEN 'B'
            ELSE 'C' END AS abc_class
FROM ranked
ORDER BY product_id;
