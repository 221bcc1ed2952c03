-- Gold. Sums and distinct counts come from one pass over the lines by order: an order whose lines agree in customer,
-- day and place ("pure", nearly all are) counts as 1 wherever it occurs, and only the others need distinct counting.

CREATE MACRO raw4(amount) AS (amount::DECIMAL(38, 4) * 10000)::HUGEINT;
CREATE MACRO quotient(a, b, scale) AS
    CASE WHEN b = 0 THEN NULL
         ELSE sign(a)::HUGEINT * sign(b)::HUGEINT * ((2 * abs(a::HUGEINT) * scale::HUGEINT + abs(b::HUGEINT)) // (2 * abs(b::HUGEINT)))
    END;
CREATE MACRO price(raw) AS CASE WHEN abs(raw) <= 999999999999999999 THEN (raw::DECIMAL(38, 0) * 0.0001)::DECIMAL(18, 4) END;
CREATE MACRO ratio(raw) AS CASE WHEN abs(raw) <= 999999999999999999 THEN (raw::DECIMAL(38, 0) * 0.000001)::DECIMAL(18, 6) END;
CREATE MACRO money4(amount) AS coalesce(amount, 0)::DECIMAL(28, 4);

CREATE TABLE orders AS
SELECT order_id, kind > 0 AS is_return, min(customer) AS customer, max(customer) AS customer_max,
       min(order_date) AS order_date, max(order_date) AS order_date_max,
       min(place) AS place, max(place) AS place_max,
       count(*)::INTEGER AS lines, count(cost)::INTEGER AS costs, sum(units)::BIGINT AS units, sum(net)::DECIMAL(18, 4) AS net,
       sum(discount)::DECIMAL(18, 4) AS discount, sum(cost)::DECIMAL(18, 4) AS cost
FROM fact
GROUP BY order_id, is_return;

-- The orders in parts of one customer, day and place. `order_id` is NULL on the pure ones, whose part is the whole.
CREATE TABLE parts AS
SELECT NULL AS order_id, is_return, customer, order_date, place, lines, costs, units, net, discount, cost
FROM orders
WHERE customer = customer_max AND order_date = order_date_max AND place = place_max
UNION ALL
SELECT f.order_id, kind > 0, f.customer, f.order_date, f.place, count(*), count(f.cost), sum(f.units), sum(f.net), sum(f.discount), sum(f.cost)
FROM fact f
SEMI JOIN (FROM orders WHERE customer <> customer_max OR order_date <> order_date_max OR place <> place_max) o
    ON o.order_id = f.order_id AND o.is_return = (f.kind > 0)
GROUP BY ALL;
DROP TABLE orders;
CREATE TABLE mixed AS SELECT order_id, is_return, customer, order_date, place FROM parts WHERE order_id IS NOT NULL;

CREATE TABLE reference AS SELECT min(order_date) AS first_date, max(order_date) AS newest_date, max(order_date) + 1 AS reference_date FROM parts;

-- Customers and the days on which they bought.
CREATE TABLE visits AS SELECT DISTINCT customer, order_date FROM parts WHERE NOT is_return AND customer >= 0;

CREATE TABLE customer_metrics AS
WITH totals AS (
    SELECT customer, count(*) FILTER (NOT is_return AND order_id IS NULL) AS orders, count(*) FILTER (is_return AND order_id IS NULL) AS return_orders,
           coalesce(sum(units) FILTER (NOT is_return), 0)::BIGINT AS units_sold, coalesce(sum(units) FILTER (is_return), 0)::BIGINT AS units_returned,
           money4(sum(net) FILTER (NOT is_return)) AS sales, money4(sum(net) FILTER (is_return)) AS returns,
           money4(sum(discount) FILTER (NOT is_return)) AS discounts,
           CASE WHEN sum(costs) = sum(lines) THEN money4(sum(CASE WHEN is_return THEN -cost ELSE cost END)) END AS cost
    FROM parts WHERE customer >= 0 GROUP BY customer
),
more AS (
    SELECT customer, count(DISTINCT order_id) FILTER (NOT is_return) AS orders, count(DISTINCT order_id) FILTER (is_return) AS return_orders
    FROM mixed WHERE customer >= 0 GROUP BY customer
),
days AS (
    SELECT customer, min(order_date) AS first_order_date, max(order_date) AS last_order_date, count(*) AS dates FROM visits GROUP BY customer
),
filled AS (
    SELECT d.customer, d.customer_id, coalesce(t.orders, 0) + coalesce(m.orders, 0) AS orders, coalesce(t.return_orders, 0) + coalesce(m.return_orders, 0) AS return_orders,
           coalesce(units_sold, 0) AS units_sold, coalesce(units_returned, 0) AS units_returned, money4(sales) AS sales, money4(returns) AS returns,
           (money4(sales) - money4(returns))::DECIMAL(28, 4) AS revenue, money4(discounts) AS discounts,
           CASE WHEN t.customer IS NULL THEN 0 ELSE cost END::DECIMAL(28, 4) AS cost,
           first_order_date, last_order_date, last_order_date - first_order_date AS lifespan_days, dates
    FROM silver.dim_customers d
    LEFT JOIN totals t USING (customer) LEFT JOIN more m USING (customer) LEFT JOIN days USING (customer)
)
SELECT customer_id, orders, return_orders, units_sold, units_returned, sales, returns, revenue, discounts, cost,
       (revenue - cost)::DECIMAL(28, 4) AS margin,
       price(quotient(raw4(sales), orders, 1)) AS aov,
       ratio(quotient(raw4(returns), raw4(sales), 1000000)) AS return_rate,
       ratio(quotient(units_returned, units_sold, 1000000)) AS unit_return_rate,
       ratio(quotient(return_orders, orders, 1000000)) AS order_return_rate,
       first_order_date, last_order_date, lifespan_days, reference_date - first_order_date AS tenure_days,
       price(quotient(lifespan_days, dates - 1, 10000)) AS avg_days_between_orders,
       revenue AS clv, customer
FROM filled CROSS JOIN reference
ORDER BY customer;

CREATE VIEW gold.customer_metrics AS SELECT * EXCLUDE (customer) FROM main.customer_metrics;

CREATE TABLE gold.customer_segmentation AS
WITH buyers AS (
    SELECT customer, customer_id, (reference_date - last_order_date)::INTEGER AS recency_days, orders AS frequency, revenue AS monetary
    FROM customer_metrics CROSS JOIN reference WHERE orders > 0
),
scored AS (
    SELECT *, ntile(5) OVER (ORDER BY recency_days DESC, customer)::INTEGER AS r_score,
              ntile(5) OVER (ORDER BY frequency, customer)::INTEGER AS f_score,
              ntile(5) OVER (ORDER BY monetary, customer)::INTEGER AS m_score
    FROM buyers
)
SELECT customer_id, recency_days, frequency, monetary, r_score, f_score, m_score, r_score || '' || f_score || '' || m_score AS rfm,
       r_score + f_score + m_score AS rfm_total,
       CASE WHEN r_score <= 2 THEN CASE WHEN f_score <= 2 THEN 'Hibernating' WHEN f_score <= 4 THEN 'At Risk' ELSE 'Can''t Lose Them' END
            WHEN r_score = 3 THEN CASE WHEN f_score <= 2 THEN 'About To Sleep' WHEN f_score = 3 THEN 'Need Attention' ELSE 'Loyal Customers' END
            WHEN r_score = 4 THEN CASE WHEN f_score = 1 THEN 'Promising' WHEN f_score <= 3 THEN 'Potential Loyalists' ELSE 'Loyal Customers' END
            ELSE CASE WHEN f_score = 1 THEN 'New Customers' WHEN f_score <= 3 THEN 'Potential Loyalists' ELSE 'Champions' END END AS segment
FROM scored
ORDER BY customer;

-- A product's orders: its sale lines, less those whose order has it already (found by hash, counted by key).
CREATE TABLE product_repeats AS
WITH hashes AS (SELECT hash(order_id, product) AS h FROM fact WHERE kind = 0 GROUP BY h HAVING count(*) > 1),
     pairs AS (SELECT product, count(*) - 1 AS extra FROM fact WHERE kind = 0 AND hash(order_id, product) IN (FROM hashes) GROUP BY order_id, product)
SELECT product, sum(extra)::BIGINT AS extra FROM pairs GROUP BY product;
CREATE TABLE product_customers AS
SELECT (pair >> 32)::INTEGER AS product, count(*) AS customers
FROM (SELECT DISTINCT (product::BIGINT << 32) | customer AS pair FROM fact WHERE kind = 0 AND customer >= 0) GROUP BY 1;

CREATE TABLE gold.product_performance AS
WITH totals AS (
    SELECT product, count(*) AS lines, count(cost) AS costs, count(*) FILTER (kind = 0) AS sale_lines,
           coalesce(sum(units) FILTER (kind = 0), 0)::BIGINT AS units_sold, coalesce(sum(units) FILTER (kind > 0), 0)::BIGINT AS units_returned,
           sum(net) FILTER (kind = 0) AS sales, sum(net) FILTER (kind > 0) AS returns, sum(discount) FILTER (kind = 0) AS discounts,
           min(order_date) FILTER (kind = 0) AS first_sold, max(order_date) FILTER (kind = 0) AS last_sold
    FROM fact GROUP BY product
),
filled AS (
    SELECT product, d.product_id, d.product_name, d.category, coalesce(sale_lines - coalesce(extra, 0), 0) AS orders, coalesce(customers, 0) AS customers,
           coalesce(units_sold, 0) AS units_sold, coalesce(units_returned, 0) AS units_returned, money4(sales) AS sales, money4(returns) AS returns,
           (money4(sales) - money4(returns))::DECIMAL(28, 4) AS revenue, money4(discounts) AS discounts,
           -- All lines of a product have its one unit cost.
           CASE WHEN t.product IS NULL THEN 0 WHEN costs = lines THEN (units_sold - units_returned) * unit_cost END::DECIMAL(28, 4) AS cost,
           first_sold, last_sold
    FROM silver.dim_products d
    LEFT JOIN totals t USING (product) LEFT JOIN product_repeats USING (product) LEFT JOIN product_customers USING (product)
),
ranked AS (
    SELECT *, row_number() OVER (ORDER BY revenue DESC, product) AS revenue_rank,
              row_number() OVER (PARTITION BY category ORDER BY revenue DESC, product) AS category_rank,
              raw4(sum(revenue) OVER ()) AS total,
              raw4(sum(revenue) OVER (ORDER BY revenue DESC, product ROWS UNBOUNDED PRECEDING)) AS running
    FROM filled
)
SELECT product_id, product_name, category, orders, customers, units_sold, units_returned, sales, returns, revenue, discounts, cost,
       (revenue - cost)::DECIMAL(28, 4) AS margin,
       ratio(quotient(raw4(revenue - cost), raw4(revenue), 1000000)) AS margin_rate,
       price(quotient(raw4(sales), units_sold, 1)) AS average_price,
       ratio(quotient(raw4(returns), raw4(sales), 1000000)) AS return_rate,
       ratio(quotient(units_returned, units_sold, 1000000)) AS unit_return_rate,
       first_sold, last_sold, revenue_rank, category_rank,
       CASE WHEN total > 0 THEN ratio(quotient(raw4(revenue), total, 1000000)) END AS revenue_share,
       CASE WHEN total > 0 THEN ratio(quotient(running, total, 1000000)) END AS cumulative_share,
       CASE WHEN revenue <= 0 OR total <= 0 THEN 'C' WHEN (running - raw4(revenue)) * 100 < total * 80 THEN 'A'
            WHEN (running - raw4(revenue)) * 100 < total * 95 THEN 'B' ELSE 'C' END AS abc_class
FROM ranked
ORDER BY product;

-- Periods: days from the parts, the longer ones from the days.
CREATE TABLE day_totals AS
SELECT order_date, count(*) FILTER (NOT is_return AND order_id IS NULL) AS orders, count(*) FILTER (is_return AND order_id IS NULL) AS return_orders,
       coalesce(sum(units) FILTER (NOT is_return), 0)::BIGINT AS units_sold, coalesce(sum(units) FILTER (is_return), 0)::BIGINT AS units_returned,
       money4(sum(net) FILTER (NOT is_return)) AS sales, money4(sum(net) FILTER (is_return)) AS returns, money4(sum(discount) FILTER (NOT is_return)) AS discounts
FROM parts GROUP BY order_date;
CREATE TABLE visit_weeks AS SELECT DISTINCT customer, date_trunc('week', order_date)::DATE AS period_start FROM visits;
CREATE TABLE visit_months AS SELECT DISTINCT customer, date_trunc('month', order_date)::DATE AS period_start FROM visits;
CREATE TABLE visit_quarters AS SELECT DISTINCT customer, date_trunc('quarter', period_start)::DATE AS period_start FROM visit_months;
CREATE TABLE period_customers AS
SELECT 'day' AS grain, order_date AS period_start, count(*) AS customers FROM visits GROUP BY order_date
UNION ALL SELECT 'week', period_start, count(*) FROM visit_weeks GROUP BY period_start
UNION ALL SELECT 'month', period_start, count(*) FROM visit_months GROUP BY period_start
UNION ALL SELECT 'quarter', period_start, count(*) FROM visit_quarters GROUP BY period_start
UNION ALL SELECT 'year', period_start, count(*) FROM (SELECT DISTINCT customer, date_trunc('year', period_start)::DATE AS period_start FROM visit_quarters) GROUP BY period_start;

CREATE TABLE gold.sales_summary AS
WITH grains(grain, step) AS (
    VALUES ('day', INTERVAL 1 DAY), ('week', INTERVAL 7 DAYS), ('month', INTERVAL 1 MONTH), ('quarter', INTERVAL 3 MONTHS), ('year', INTERVAL 1 YEAR)
),
calendar AS (
    SELECT grain, p.period_start::DATE AS period_start,
           p.period_start::DATE >= first_date AND (p.period_start + step)::DATE - 1 <= newest_date AS is_complete
    FROM (FROM reference WHERE first_date IS NOT NULL), grains,
         unnest(generate_series(date_trunc(grain, first_date)::TIMESTAMP, date_trunc(grain, newest_date)::TIMESTAMP, step)) AS p(period_start)
),
totals AS (
    SELECT grain, date_trunc(grain, order_date)::DATE AS period_start, sum(orders)::BIGINT AS orders, sum(return_orders)::BIGINT AS return_orders,
           sum(units_sold)::BIGINT AS units_sold, sum(units_returned)::BIGINT AS units_returned, sum(sales) AS sales, sum(returns) AS returns, sum(discounts) AS discounts
    FROM day_totals CROSS JOIN grains GROUP BY ALL
),
more AS (
    SELECT grain, date_trunc(grain, order_date)::DATE AS period_start, count(DISTINCT order_id) FILTER (NOT is_return) AS orders,
           count(DISTINCT order_id) FILTER (is_return) AS return_orders
    FROM mixed CROSS JOIN grains GROUP BY ALL
),
newcomers AS (
    SELECT grain, date_trunc(grain, first_order_date)::DATE AS period_start, sum(n)::BIGINT AS new_customers
    FROM (SELECT first_order_date, count(*) AS n FROM customer_metrics WHERE first_order_date IS NOT NULL GROUP BY first_order_date) CROSS JOIN grains GROUP BY ALL
),
filled AS (
    SELECT c.grain, c.period_start, c.is_complete, coalesce(t.orders, 0) + coalesce(m.orders, 0) AS orders,
           coalesce(t.return_orders, 0) + coalesce(m.return_orders, 0) AS return_orders, coalesce(customers, 0) AS customers,
           coalesce(new_customers, 0) AS new_customers, coalesce(units_sold, 0) AS units_sold, coalesce(units_returned, 0) AS units_returned,
           money4(sales) AS sales, money4(returns) AS returns, (money4(sales) - money4(returns))::DECIMAL(28, 4) AS revenue, money4(discounts) AS discounts
    FROM calendar c
    LEFT JOIN totals t USING (grain, period_start) LEFT JOIN more m USING (grain, period_start)
    LEFT JOIN period_customers USING (grain, period_start) LEFT JOIN newcomers USING (grain, period_start)
),
compared AS (
    SELECT f.*, p.revenue AS previous_revenue, y.revenue AS year_ago,
           CASE WHEN f.grain = 'day' AND count(*) OVER trailing_7 = 7 THEN sum(f.revenue) OVER trailing_7 END::DECIMAL(28, 4) AS revenue_7d,
           CASE WHEN f.grain = 'day' AND count(*) OVER trailing_28 = 28 THEN sum(f.revenue) OVER trailing_28 END::DECIMAL(28, 4) AS revenue_28d
    FROM filled f
    JOIN grains g USING (grain)
    LEFT JOIN filled p ON p.grain = f.grain AND p.period_start = (f.period_start - g.step)::DATE
    LEFT JOIN filled y ON y.grain = f.grain AND y.period_start = CASE WHEN f.grain IN ('day', 'week') THEN f.period_start - 364 ELSE (f.period_start - INTERVAL 1 YEAR)::DATE END
    WINDOW trailing_7 AS (PARTITION BY f.grain ORDER BY f.period_start ROWS 6 PRECEDING),
           trailing_28 AS (PARTITION BY f.grain ORDER BY f.period_start ROWS 27 PRECEDING)
)
SELECT grain, period_start, is_complete, orders, return_orders, customers, new_customers, units_sold, units_returned, sales, returns, revenue, discounts,
       price(quotient(raw4(sales), orders, 1)) AS aov, ratio(quotient(raw4(returns), raw4(sales), 1000000)) AS return_rate, previous_revenue,
       CASE WHEN previous_revenue > 0 THEN ratio(quotient(raw4(revenue) - raw4(previous_revenue), raw4(previous_revenue), 1000000)) END AS growth,
       CASE WHEN year_ago > 0 THEN ratio(quotient(raw4(revenue) - raw4(year_ago), raw4(year_ago), 1000000)) END AS yoy_growth,
       revenue_7d, revenue_28d
FROM compared
ORDER BY grain, period_start;

-- Regions.
CREATE TABLE region_totals AS
SELECT place, count(*) FILTER (NOT is_return AND order_id IS NULL) AS orders,
       coalesce(sum(units) FILTER (NOT is_return), 0)::BIGINT AS units_sold, coalesce(sum(units) FILTER (is_return), 0)::BIGINT AS units_returned,
       money4(sum(net) FILTER (NOT is_return)) AS sales, money4(sum(net) FILTER (is_return)) AS returns
FROM parts GROUP BY place;
CREATE TABLE region_customers AS SELECT DISTINCT place, customer FROM parts WHERE NOT is_return AND customer >= 0;

CREATE TABLE gold.regional_sales AS
WITH leveled AS (
    SELECT 'country' AS level, place // 65536 AS region, orders, units_sold, units_returned, sales, returns FROM region_totals
    UNION ALL SELECT 'state', place, orders, units_sold, units_returned, sales, returns FROM region_totals
),
totals AS (
    SELECT level, region, sum(orders)::BIGINT AS orders, sum(units_sold)::BIGINT AS units_sold, sum(units_returned)::BIGINT AS units_returned,
           money4(sum(sales)) AS sales, money4(sum(returns)) AS returns
    FROM leveled GROUP BY ALL
),
more AS (
    SELECT 'country' AS level, place // 65536 AS region, count(DISTINCT order_id) AS orders FROM mixed WHERE NOT is_return GROUP BY ALL
    UNION ALL SELECT 'state', place, count(DISTINCT order_id) FROM mixed WHERE NOT is_return GROUP BY ALL
),
buyers AS (
    SELECT 'country' AS level, place // 65536 AS region, count(DISTINCT customer) AS customers FROM region_customers GROUP BY ALL
    UNION ALL SELECT 'state', place, count(*) FROM region_customers GROUP BY ALL
),
countries AS (SELECT enum_code(v)::INTEGER AS code, v::VARCHAR AS country FROM (SELECT unnest(enum_range(NULL::country_t))::country_t AS v)),
states AS (SELECT enum_code(v)::INTEGER AS code, v::VARCHAR AS state FROM (SELECT unnest(enum_range(NULL::state_t))::state_t AS v)),
codes AS (SELECT country, any_value(country_code) AS country_code FROM country_texts GROUP BY country),
filled AS (
    SELECT level, c.country, k.country_code, s.state, coalesce(t.orders, 0) + coalesce(m.orders, 0) AS orders, coalesce(customers, 0) AS customers,
           units_sold, units_returned, sales, returns, (sales - returns)::DECIMAL(28, 4) AS revenue
    FROM totals t
    LEFT JOIN more m USING (level, region) LEFT JOIN buyers USING (level, region)
    JOIN countries c ON c.code = CASE level WHEN 'state' THEN region // 65536 ELSE region END
    LEFT JOIN states s ON level = 'state' AND s.code = region % 65536
    LEFT JOIN codes k ON k.country = c.country
),
ranked AS (
    SELECT *, raw4(sum(revenue) OVER (PARTITION BY level)) AS total,
           row_number() OVER (PARTITION BY level ORDER BY revenue DESC, country, state) AS revenue_rank
    FROM filled
)
SELECT level, country, country_code, state, orders, customers, units_sold, units_returned, sales, returns, revenue,
       price(quotient(raw4(sales), orders, 1)) AS aov, ratio(quotient(raw4(returns), raw4(sales), 1000000)) AS return_rate,
       CASE WHEN total > 0 THEN ratio(quotient(raw4(revenue), total, 1000000)) END AS revenue_share, revenue_rank
FROM ranked
ORDER BY level, country, state;
