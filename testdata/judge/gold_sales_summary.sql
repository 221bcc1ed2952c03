-- "gold.sales_summary — one row per period. […] The calendar is gap-free from the first to the newest order_date: a day
-- without orders is a row of zeros. Returns count on the day they are dated."

CREATE TABLE gold.sales_summary AS
WITH grains(grain, step) AS (
    VALUES ('day', INTERVAL 1 DAY), ('week', INTERVAL 7 DAYS), ('month', INTERVAL 1 MONTH),
           ('quarter', INTERVAL 3 MONTHS), ('year', INTERVAL 1 YEAR)
),
bounds AS (
    SELECT min(order_date) AS first_date, max(order_date) AS newest_date FROM silver.fact_sales
    HAVING count(*) > 0
),
calendar AS (
    -- "week (ISO, Monday)"; "is_complete (the whole period lies between the first and the newest order_date)".
    SELECT grain, p.period_start::DATE AS period_start,
           p.period_start::DATE >= first_date AND (p.period_start + step)::DATE - 1 <= newest_date AS is_complete
    FROM bounds, grains,
         unnest(generate_series(date_trunc(grain, first_date)::TIMESTAMP, date_trunc(grain, newest_date)::TIMESTAMP, step))
         AS p(period_start)
),
dated AS (
    SELECT grain, date_trunc(grain, order_date)::DATE AS period_start, f.*
    FROM silver.fact_sales f
    CROSS JOIN grains
),
totals AS (
    SELECT grain, period_start,
           count(DISTINCT order_id) FILTER (line_type = 'sale') AS orders,
           count(DISTINCT order_id) FILTER (line_type = 'return') AS return_orders,
           count(DISTINCT customer_id) FILTER (line_type = 'sale') AS customers,
           coalesce(sum(quantity) FILTER (line_type = 'sale'), 0)::BIGINT AS units_sold,
           coalesce(sum(abs(quantity)) FILTER (line_type = 'return'), 0)::BIGINT AS units_returned,
           sum(sales) AS sales, sum(returns) AS returns, sum(revenue) AS revenue,
           coalesce(sum(discount_amount) FILTER (line_type = 'sale'), 0) AS discounts
    FROM dated
    GROUP BY grain, period_start
),
-- "new_customers (first sale ever in the period)".
first_sales AS (
    SELECT customer_id, min(order_date) AS first_date FROM silver.fact_sales
    WHERE line_type = 'sale' AND customer_id IS NOT NULL
    GROUP BY customer_id
),
newcomers AS (
    SELECT grain, date_trunc(grain, first_date)::DATE AS period_start, count(*) AS new_customers
    FROM first_sales
    CROSS JOIN grains
    GROUP BY ALL
),
filled AS (
    SELECT c.grain, c.period_start, c.is_complete, coalesce(orders, 0) AS orders,
           coalesce(return_orders, 0) AS return_orders, coalesce(customers, 0) AS customers,
           coalesce(new_customers, 0) AS new_customers, coalesce(units_sold, 0) AS units_sold,
           coalesce(units_returned, 0) AS units_returned, coalesce(sales, 0)::DECIMAL(28, 4) AS sales,
           coalesce(returns, 0)::DECIMAL(28, 4) AS returns, coalesce(revenue, 0)::DECIMAL(28, 4) AS revenue,
           coalesce(discounts, 0)::DECIMAL(28, 4) AS discounts
    FROM calendar c
    LEFT JOIN totals USING (grain, period_start)
    LEFT JOIN newcomers USING (grain, period_start)
),
compared AS (
    -- "yoy_growth? (the same month, quarter or year a year earlier; day: 364 days earlier; week: 52 weeks earlier)".
    SELECT f.*, p.revenue AS previous_revenue, y.revenue AS year_ago,
           CASE WHEN f.grain = 'day' AND count(*) OVER trailing_7 = 7 THEN sum(f.revenue) OVER trailing_7 END AS revenue_7d,
           CASE WHEN f.grain = 'day' AND count(*) OVER trailing_28 = 28 THEN sum(f.revenue) OVER trailing_28 END AS revenue_28d
    FROM filled f
    JOIN grains g USING (grain)
    LEFT JOIN filled p ON p.grain = f.grain AND p.period_start = (f.period_start - g.step)::DATE
    LEFT JOIN filled y ON y.grain = f.grain
        AND y.period_start = CASE WHEN f.grain IN ('day', 'week') THEN f.period_start - 364
                                  ELSE (f.period_start - INTERVAL 1 YEAR)::DATE END
    WINDOW trailing_7 AS (PARTITION BY f.grain ORDER BY f.period_start ROWS 6 PRECEDING),
           trailing_28 AS (PARTITION BY f.grain ORDER BY f.period_start ROWS 27 PRECEDING)
)
SELECT grain, period_start, is_complete, orders, return_orders, customers, new_customers, units_sold, units_returned,
       sales, returns, revenue, discounts,
       average(quotient(raw4(sales), orders, 1)) AS aov,
       ratio(quotient(raw4(returns), raw4(sales), 1000000)) AS return_rate,
       previous_revenue,
       -- "growth? = (revenue − previous) / previous (NULL when previous is missing or ≤ 0)".
       CASE WHEN previous_revenue > 0
            THEN ratio(quotient(raw4(revenue) - raw4(previous_revenue), raw4(previous_revenue), 1000000)) END AS growth,
       CASE WHEN year_ago > 0
            THEN ratio(quotient(raw4(revenue) - raw4(year_ago), raw4(year_ago), 1000000)) END AS yoy_growth,
       revenue_7d::DECIMAL(28, 4) AS revenue_7d, revenue_28d::DECIMAL(28, 4) AS revenue_28d
FROM compared
ORDER BY grain, period_start;
