-- What the dashboard's charts are made of, from the lines of silver.fact_sales that a filter leaves: by the formulas of
-- TABLES.md ("Gold: business metrics") and nothing of smelt's.

CREATE VIEW total AS
SELECT m.*, (SELECT count(DISTINCT customer_id) FROM lines
             WHERE line_type = 'sale' AND first_date BETWEEN getvariable('from_day') AND getvariable('to_day')) AS new_customers
FROM (SELECT measured(lines) AS m FROM lines);

-- The periods of a grain, without gaps, of the filter's days; and of all days, by which they are compared.
CREATE MACRO periods(of_lines, first_day, last_day) AS TABLE
WITH days AS (SELECT unnest(generate_series(first_day::TIMESTAMP, last_day::TIMESTAMP, INTERVAL 1 DAY))::DATE AS day),
starts AS (SELECT DISTINCT date_trunc(getvariable('grain'), day)::DATE AS start FROM days),
groups AS (
    SELECT date_trunc(getvariable('grain'), order_date)::DATE AS start, measured(line) AS m,
           count(DISTINCT customer_id) FILTER (line_type = 'sale' AND first_date BETWEEN first_day AND last_day
               AND date_trunc(getvariable('grain'), first_date) = date_trunc(getvariable('grain'), order_date)) AS new_customers
    FROM query_table(of_lines) line GROUP BY 1
)
SELECT start, coalesce(m.revenue, 0)::DECIMAL(28, 4) AS revenue, coalesce(m.sales, 0)::DECIMAL(28, 4) AS sales,
       coalesce(m.returns, 0)::DECIMAL(28, 4) AS returns, m.return_rate, m.aov, coalesce(m.orders, 0) AS orders,
       coalesce(m.return_orders, 0) AS return_orders, coalesce(new_customers, 0) AS new_customers,
       coalesce(m.customers, 0) AS customers
FROM starts LEFT JOIN groups USING (start);

CREATE MACRO cut(start, ending) AS
    start < getvariable('from_day') AND getvariable('from_day') > getvariable('first_day')
    OR ending > getvariable('to_day') AND getvariable('to_day') < getvariable('last_day');

-- A period that the filter cuts is compared with nothing; one that the shop's own first or last day cuts is compared.
CREATE VIEW by_period AS
WITH step AS (SELECT CASE getvariable('grain') WHEN 'day' THEN INTERVAL 1 DAY WHEN 'week' THEN INTERVAL 7 DAYS
                     WHEN 'month' THEN INTERVAL 1 MONTH WHEN 'quarter' THEN INTERVAL 3 MONTHS ELSE INTERVAL 1 YEAR END AS long),
past AS (SELECT start, revenue FROM periods('history', getvariable('first_day'), getvariable('last_day')))
SELECT p.*, b.revenue AS before, growth(p.revenue, b.revenue) AS growth, y.revenue AS year_before, growth(p.revenue, y.revenue) AS yoy
FROM periods('lines', getvariable('from_day'), getvariable('to_day')) p
CROSS JOIN step
LEFT JOIN past b ON b.start = (p.start - long)::DATE AND NOT cut(p.start, (p.start + long)::DATE - 1)
LEFT JOIN past y ON y.start = CASE WHEN getvariable('grain') IN ('day', 'week') THEN p.start - 364 ELSE (p.start - INTERVAL 1 YEAR)::DATE END
                AND NOT cut(p.start, (p.start + long)::DATE - 1);

CREATE VIEW by_day AS
WITH days AS (SELECT unnest(generate_series(getvariable('first_day')::TIMESTAMP, getvariable('last_day')::TIMESTAMP, INTERVAL 1 DAY))::DATE AS day),
sums AS (SELECT day, coalesce(sum(revenue), 0) AS revenue, count(DISTINCT order_id) FILTER (line_type = 'sale') AS orders
         FROM days LEFT JOIN history ON order_date = day GROUP BY day),
windows AS (SELECT day AS start, revenue::DECIMAL(28, 4) AS revenue, orders,
                    CASE WHEN count(*) OVER seven = 7 THEN (sum(revenue) OVER seven)::DECIMAL(28, 4) END AS sum7,
                    CASE WHEN count(*) OVER month = 28 THEN (sum(revenue) OVER month)::DECIMAL(28, 4) END AS sum28
             FROM sums WINDOW seven AS (ORDER BY day ROWS 6 PRECEDING), month AS (ORDER BY day ROWS 27 PRECEDING))
FROM windows WHERE start BETWEEN getvariable('from_day') AND getvariable('to_day');

CREATE VIEW by_country AS
SELECT country, m.*, share(m.revenue, sum(m.revenue) OVER ()) AS share
FROM (SELECT country, measured(lines) AS m FROM lines GROUP BY country);
CREATE VIEW by_state AS SELECT country, state, m.* FROM (SELECT country, state, measured(lines) AS m FROM lines GROUP BY ALL);
CREATE VIEW by_category AS SELECT category, m.* FROM (SELECT category, measured(lines) AS m FROM lines GROUP BY ALL);
CREATE VIEW by_subcategory AS SELECT category, subcategory, m.* FROM (SELECT category, subcategory, measured(lines) AS m FROM lines GROUP BY ALL);

-- "abc_class (by the unrounded cumulative share before the product: A below 80 %, B below 95 %, else C; C for revenue ≤ 0)".
CREATE VIEW by_product AS
WITH each AS (SELECT product_id, product_name, category, m.*
              FROM (SELECT product_id, any_value(product_name) AS product_name, category, measured(lines) AS m FROM lines GROUP BY product_id, category)),
placed AS (SELECT *, row_number() OVER ranks AS place, raw4(coalesce(sum(revenue) OVER (ranks ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)) AS above,
                  raw4(sum(revenue) OVER ()) AS whole
           FROM each WINDOW ranks AS (ORDER BY revenue DESC, product_id))
SELECT *, CASE WHEN revenue <= 0 OR whole <= 0 THEN 'C' WHEN above * 100 < whole * 80 THEN 'A' WHEN above * 100 < whole * 95 THEN 'B' ELSE 'C' END AS abc_class
FROM placed;

-- Days, categories and channels do not filter customers: all their lines count.
CREATE VIEW buyers AS
SELECT s.customer_id, segment, s.r, s.f, s.recency, s.orders, s.revenue
FROM scored(getvariable('last_day') + 1) s JOIN chosen USING (customer_id);
