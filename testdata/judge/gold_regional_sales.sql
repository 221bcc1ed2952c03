-- "gold.regional_sales — one row per country, and one per country and state."

CREATE TABLE gold.regional_sales AS
WITH leveled AS (
    SELECT 'country' AS level, country, country_code, NULL AS state, f.* EXCLUDE (country, country_code, state)
    FROM silver.fact_sales f
    UNION ALL
    SELECT 'state', country, country_code, state, f.* EXCLUDE (country, country_code, state)
    FROM silver.fact_sales f
),
totals AS (
    SELECT level, country, country_code, state,
           count(DISTINCT order_id) FILTER (line_type = 'sale') AS orders,
           count(DISTINCT customer_id) FILTER (line_type = 'sale') AS customers,
           coalesce(sum(quantity) FILTER (line_type = 'sale'), 0)::BIGINT AS units_sold,
           coalesce(sum(abs(quantity)) FILTER (line_type = 'return'), 0)::BIGINT AS units_returned,
           sum(sales)::DECIMAL(28, 4) AS sales, sum(returns)::DECIMAL(28, 4) AS returns,
           sum(revenue)::DECIMAL(28, 4) AS revenue
    FROM leveled
    GROUP BY level, country, country_code, state
),
ranked AS (
    -- "revenue_share? (of its level; NULL when that is ≤ 0), revenue_rank (within its level; ties by country, state)".
    SELECT *, sum(raw4(revenue)) OVER (PARTITION BY level) AS total,
           row_number() OVER (PARTITION BY level ORDER BY revenue DESC, country, state) AS revenue_rank
    FROM totals
)
SELECT level, country, country_code, state, orders, customers, units_sold, units_returned, sales, returns, revenue,
       average(quotient(raw4(sales), orders, 1)) AS aov,
       ratio(quotient(raw4(returns), raw4(sales), 1000000)) AS return_rate,
       CASE WHEN total > 0 THEN ratio(quotient(raw4(revenue), total, 1000000)) END AS revenue_share,
       revenue_rank
FROM ranked
ORDER BY level, country, state;
