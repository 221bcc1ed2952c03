-- Gold in Spark's SQL, after duckdb_gold.sql, which says why orders are counted from their parts.

-- "round(a / b, k) = sign × floor((2·|a|·10^k + |b|) / (2·|b|))" in whole numbers.
CREATE TEMPORARY FUNCTION quotient(a DECIMAL(38, 0), b DECIMAL(38, 0)) RETURNS BIGINT
    RETURN CASE WHEN b = 0 THEN NULL ELSE CAST(sign(a) * sign(b) AS BIGINT) * ((2 * abs(a) + abs(b)) DIV (2 * abs(b))) END;
CREATE TEMPORARY FUNCTION raw4(amount DECIMAL(28, 4)) RETURNS DECIMAL(38, 0) RETURN CAST(amount * 10000 AS DECIMAL(38, 0));
CREATE TEMPORARY FUNCTION price(a DECIMAL(38, 0), b DECIMAL(38, 0)) RETURNS DECIMAL(18, 4) RETURN CAST(quotient(a, b) * 0.0001BD AS DECIMAL(18, 4));
CREATE TEMPORARY FUNCTION ratio(a DECIMAL(38, 0), b DECIMAL(38, 0)) RETURNS DECIMAL(18, 6)
    RETURN CAST(quotient(CAST(a * 1000000 AS DECIMAL(38, 0)), b) * 0.000001BD AS DECIMAL(18, 6));
CREATE TEMPORARY FUNCTION money4(amount DECIMAL(38, 4)) RETURNS DECIMAL(28, 4) RETURN CAST(coalesce(amount, 0) AS DECIMAL(28, 4));

CREATE TEMPORARY VIEW gold_lines AS
SELECT order_id, line_type = 'return' AS is_return, coalesce(customer_id, '') AS customer_id, product_id, order_date, country, state, abs(quantity) AS units,
       sales + returns AS net, discount_amount AS discount, CASE WHEN line_type = 'return' THEN -cost ELSE cost END AS cost
FROM fact;

CREATE TEMPORARY VIEW orders AS
SELECT order_id, is_return, min(customer_id) AS customer_id, min(order_date) AS order_date, min(country) AS country, min(state) AS state,
       min(customer_id) = max(customer_id) AND min(order_date) = max(order_date) AND min(country) = max(country) AND min(state) = max(state) AS pure,
       count(*) AS lines, count(cost) AS costs, sum(units) AS units, sum(net)::DECIMAL(18, 4) AS net, sum(discount)::DECIMAL(18, 4) AS discount,
       sum(cost)::DECIMAL(18, 4) AS cost
FROM gold_lines GROUP BY order_id, is_return;
$keep order_sums orders$;

-- The orders in parts of one customer, day and place. `order_id` is NULL on the pure ones, whose part is the whole.
$keep parts
SELECT CAST(NULL AS STRING) AS order_id, is_return, customer_id, order_date, country, state, lines, costs, units, net, discount, cost FROM order_sums WHERE pure
UNION ALL
SELECT f.order_id, f.is_return, f.customer_id, f.order_date, f.country, f.state, count(*), count(f.cost), sum(f.units), sum(f.net)::DECIMAL(18, 4),
       sum(f.discount)::DECIMAL(18, 4), sum(f.cost)::DECIMAL(18, 4)
FROM gold_lines f LEFT SEMI JOIN (SELECT order_id, is_return FROM order_sums WHERE NOT pure) o ON o.order_id = f.order_id AND o.is_return = f.is_return
GROUP BY ALL$;
CREATE TEMPORARY VIEW mixed AS SELECT * FROM parts WHERE order_id IS NOT NULL;
$keep reference SELECT min(order_date) AS first_date, max(order_date) AS newest_date, date_add(max(order_date), 1) AS reference_date FROM parts$;
$keep visits SELECT DISTINCT customer_id, order_date FROM parts WHERE NOT is_return AND customer_id <> ''$;

CREATE TEMPORARY VIEW customers_filled AS
WITH totals AS (
    SELECT customer_id, count(*) FILTER (WHERE NOT is_return AND order_id IS NULL) AS orders, count(*) FILTER (WHERE is_return AND order_id IS NULL) AS return_orders,
           coalesce(sum(units) FILTER (WHERE NOT is_return), 0) AS units_sold, coalesce(sum(units) FILTER (WHERE is_return), 0) AS units_returned,
           money4(sum(net) FILTER (WHERE NOT is_return)) AS sales, money4(sum(net) FILTER (WHERE is_return)) AS returns,
           money4(sum(discount) FILTER (WHERE NOT is_return)) AS discounts,
           CASE WHEN sum(costs) = sum(lines) THEN money4(sum(CASE WHEN is_return THEN -cost ELSE cost END)) END AS cost, true AS known
    FROM parts WHERE customer_id <> '' GROUP BY customer_id
),
more AS (
    SELECT customer_id, count(DISTINCT CASE WHEN NOT is_return THEN order_id END) AS orders, count(DISTINCT CASE WHEN is_return THEN order_id END) AS return_orders
    FROM mixed WHERE customer_id <> '' GROUP BY customer_id
),
days AS (SELECT customer_id, min(order_date) AS first_order_date, max(order_date) AS last_order_date, count(*) AS dates FROM visits GROUP BY customer_id)
SELECT d.customer_id, coalesce(t.orders, 0) + coalesce(m.orders, 0) AS orders, coalesce(t.return_orders, 0) + coalesce(m.return_orders, 0) AS return_orders,
       coalesce(units_sold, 0) AS units_sold, coalesce(units_returned, 0) AS units_returned, money4(sales) AS sales, money4(returns) AS returns,
       (money4(sales) - money4(returns))::DECIMAL(28, 4) AS revenue, money4(discounts) AS discounts,
       CASE WHEN t.known IS NULL THEN 0 ELSE cost END::DECIMAL(28, 4) AS cost,
       first_order_date, last_order_date, datediff(last_order_date, first_order_date)::BIGINT AS lifespan_days, dates
FROM customers_kept d
LEFT JOIN totals t ON t.customer_id = d.customer_id LEFT JOIN more m ON m.customer_id = d.customer_id LEFT JOIN days y ON y.customer_id = d.customer_id;
$keep customer_sums customers_filled$;

CREATE TEMPORARY VIEW customer_metrics AS
SELECT customer_id, orders, return_orders, units_sold, units_returned, sales, returns, revenue, discounts, cost, (revenue - cost)::DECIMAL(28, 4) AS margin,
       price(raw4(sales), orders) AS aov, ratio(raw4(returns), raw4(sales)) AS return_rate, ratio(units_returned, units_sold) AS unit_return_rate,
       ratio(return_orders, orders) AS order_return_rate, first_order_date, last_order_date, lifespan_days,
       datediff(reference_date, first_order_date)::BIGINT AS tenure_days, price(lifespan_days * 10000, dates - 1) AS avg_days_between_orders, revenue AS clv
FROM customer_sums CROSS JOIN reference;

CREATE TEMPORARY VIEW customer_segmentation AS
WITH buyers AS (
    SELECT customer_id, datediff(reference_date, last_order_date) AS recency_days, orders AS frequency, revenue AS monetary
    FROM customer_sums CROSS JOIN reference WHERE orders > 0
),
scored AS (
    SELECT *, ntile(5) OVER (ORDER BY recency_days DESC, customer_id) AS r_score, ntile(5) OVER (ORDER BY frequency, customer_id) AS f_score,
              ntile(5) OVER (ORDER BY monetary, customer_id) AS m_score
    FROM buyers
)
SELECT customer_id, recency_days, frequency, monetary, r_score, f_score, m_score, r_score || '' || f_score || '' || m_score AS rfm,
       r_score + f_score + m_score AS rfm_total,
       CASE WHEN r_score <= 2 THEN CASE WHEN f_score <= 2 THEN 'Hibernating' WHEN f_score <= 4 THEN 'At Risk' ELSE 'Can\'t Lose Them' END
            WHEN r_score = 3 THEN CASE WHEN f_score <= 2 THEN 'About To Sleep' WHEN f_score = 3 THEN 'Need Attention' ELSE 'Loyal Customers' END
            WHEN r_score = 4 THEN CASE WHEN f_score = 1 THEN 'Promising' WHEN f_score <= 3 THEN 'Potential Loyalists' ELSE 'Loyal Customers' END
            ELSE CASE WHEN f_score = 1 THEN 'New Customers' WHEN f_score <= 3 THEN 'Potential Loyalists' ELSE 'Champions' END END AS segment
FROM scored;

-- A product's orders are its distinct ones among the sale lines.
CREATE TEMPORARY VIEW product_sums AS
WITH pairs AS (SELECT DISTINCT product_id, order_id FROM gold_lines WHERE NOT is_return),
     buyers AS (SELECT DISTINCT product_id, customer_id FROM gold_lines WHERE NOT is_return AND customer_id <> ''),
     orders AS (SELECT product_id, count(*) AS orders FROM pairs GROUP BY product_id),
     customers AS (SELECT product_id, count(*) AS customers FROM buyers GROUP BY product_id),
     totals AS (
         SELECT product_id, count(*) AS lines, count(cost) AS costs,
                coalesce(sum(units) FILTER (WHERE NOT is_return), 0) AS units_sold, coalesce(sum(units) FILTER (WHERE is_return), 0) AS units_returned,
                sum(net) FILTER (WHERE NOT is_return) AS sales, sum(net) FILTER (WHERE is_return) AS returns, sum(discount) FILTER (WHERE NOT is_return) AS discounts,
                sum(CASE WHEN is_return THEN -cost ELSE cost END) AS cost,
                min(order_date) FILTER (WHERE NOT is_return) AS first_sold, max(order_date) FILTER (WHERE NOT is_return) AS last_sold
         FROM gold_lines GROUP BY product_id)
SELECT d.product_id, d.product_name, d.category, coalesce(orders, 0) AS orders, coalesce(customers, 0) AS customers, coalesce(units_sold, 0) AS units_sold,
       coalesce(units_returned, 0) AS units_returned, money4(sales) AS sales, money4(returns) AS returns, (money4(sales) - money4(returns))::DECIMAL(28, 4) AS revenue,
       money4(discounts) AS discounts, CASE WHEN t.lines IS NULL THEN 0 WHEN costs = lines THEN cost END::DECIMAL(28, 4) AS cost, first_sold, last_sold
FROM products_kept d LEFT JOIN totals t ON t.product_id = d.product_id LEFT JOIN orders o ON o.product_id = d.product_id
LEFT JOIN customers c ON c.product_id = d.product_id;
CREATE TEMPORARY VIEW product_performance AS
WITH ranked AS (
    SELECT *, row_number() OVER (ORDER BY revenue DESC, product_id) AS revenue_rank,
              row_number() OVER (PARTITION BY category ORDER BY revenue DESC, product_id) AS category_rank,
              raw4(sum(revenue) OVER ()::DECIMAL(28, 4)) AS total,
              raw4(sum(revenue) OVER (ORDER BY revenue DESC, product_id ROWS UNBOUNDED PRECEDING)::DECIMAL(28, 4)) AS running
    FROM product_sums
)
SELECT product_id, product_name, category, orders, customers, units_sold, units_returned, sales, returns, revenue, discounts, cost,
       (revenue - cost)::DECIMAL(28, 4) AS margin, ratio(raw4((revenue - cost)::DECIMAL(28, 4)), raw4(revenue)) AS margin_rate,
       price(raw4(sales), units_sold) AS average_price, ratio(raw4(returns), raw4(sales)) AS return_rate, ratio(units_returned, units_sold) AS unit_return_rate,
       first_sold, last_sold, revenue_rank, category_rank, CASE WHEN total > 0 THEN ratio(raw4(revenue), total) END AS revenue_share,
       CASE WHEN total > 0 THEN ratio(running, total) END AS cumulative_share,
       CASE WHEN revenue <= 0 OR total <= 0 THEN 'C' WHEN (running - raw4(revenue)) * 100 < total * 80 THEN 'A'
            WHEN (running - raw4(revenue)) * 100 < total * 95 THEN 'B' ELSE 'C' END AS abc_class
FROM ranked;

-- Periods: days from the parts, the longer ones from the days.
$keep day_totals
SELECT order_date, count(*) FILTER (WHERE NOT is_return AND order_id IS NULL) AS orders, count(*) FILTER (WHERE is_return AND order_id IS NULL) AS return_orders,
       coalesce(sum(units) FILTER (WHERE NOT is_return), 0) AS units_sold, coalesce(sum(units) FILTER (WHERE is_return), 0) AS units_returned,
       money4(sum(net) FILTER (WHERE NOT is_return)) AS sales, money4(sum(net) FILTER (WHERE is_return)) AS returns,
       money4(sum(discount) FILTER (WHERE NOT is_return)) AS discounts
FROM parts GROUP BY order_date$;
CREATE TEMPORARY VIEW grains AS SELECT * FROM VALUES ('day'), ('week'), ('month'), ('quarter'), ('year') AS g(grain);
CREATE TEMPORARY VIEW calendar AS
SELECT grain, period_start, period_start >= first_date AND date_add(CASE grain WHEN 'day' THEN date_add(period_start, 1) WHEN 'week' THEN date_add(period_start, 7)
           WHEN 'month' THEN add_months(period_start, 1) WHEN 'quarter' THEN add_months(period_start, 3) ELSE add_months(period_start, 12) END, -1) <= newest_date AS is_complete
FROM (SELECT grain, first_date, newest_date, explode(sequence(date_trunc(grain, first_date)::DATE, newest_date, INTERVAL 1 DAY)) AS period_start
      FROM reference CROSS JOIN grains WHERE first_date IS NOT NULL)
WHERE period_start = date_trunc(grain, period_start)::DATE;
CREATE TEMPORARY VIEW periods AS
WITH totals AS (
    SELECT grain, date_trunc(grain, order_date)::DATE AS period_start, sum(orders) AS orders, sum(return_orders) AS return_orders, sum(units_sold) AS units_sold,
           sum(units_returned) AS units_returned, sum(sales) AS sales, sum(returns) AS returns, sum(discounts) AS discounts
    FROM day_totals CROSS JOIN grains GROUP BY ALL
),
more AS (
    SELECT grain, date_trunc(grain, order_date)::DATE AS period_start, count(DISTINCT CASE WHEN NOT is_return THEN order_id END) AS orders,
           count(DISTINCT CASE WHEN is_return THEN order_id END) AS return_orders
    FROM mixed CROSS JOIN grains GROUP BY ALL
),
buyers AS (
    SELECT grain, period_start, count(*) AS customers
    FROM (SELECT DISTINCT customer_id, grain, date_trunc(grain, order_date)::DATE AS period_start FROM visits CROSS JOIN grains) GROUP BY ALL
),
newcomers AS (
    SELECT grain, date_trunc(grain, first_order_date)::DATE AS period_start, count(*) AS new_customers
    FROM customer_sums CROSS JOIN grains WHERE first_order_date IS NOT NULL GROUP BY ALL
)
SELECT c.grain, c.period_start, c.is_complete, coalesce(t.orders, 0) + coalesce(m.orders, 0) AS orders,
       coalesce(t.return_orders, 0) + coalesce(m.return_orders, 0) AS return_orders, coalesce(customers, 0) AS customers, coalesce(new_customers, 0) AS new_customers,
       coalesce(units_sold, 0) AS units_sold, coalesce(units_returned, 0) AS units_returned, money4(sales) AS sales, money4(returns) AS returns,
       (money4(sales) - money4(returns))::DECIMAL(28, 4) AS revenue, money4(discounts) AS discounts
FROM calendar c
LEFT JOIN totals t ON t.grain = c.grain AND t.period_start = c.period_start LEFT JOIN more m ON m.grain = c.grain AND m.period_start = c.period_start
LEFT JOIN buyers b ON b.grain = c.grain AND b.period_start = c.period_start LEFT JOIN newcomers n ON n.grain = c.grain AND n.period_start = c.period_start;
$keep period_sums periods$;
CREATE TEMPORARY VIEW sales_summary AS
WITH compared AS (
    SELECT f.*, p.revenue AS previous_revenue, y.revenue AS year_ago,
           CASE WHEN f.grain = 'day' AND count(*) OVER trailing_7 = 7 THEN sum(f.revenue) OVER trailing_7 END::DECIMAL(28, 4) AS revenue_7d,
           CASE WHEN f.grain = 'day' AND count(*) OVER trailing_28 = 28 THEN sum(f.revenue) OVER trailing_28 END::DECIMAL(28, 4) AS revenue_28d
    FROM period_sums f
    LEFT JOIN period_sums p ON p.grain = f.grain AND p.period_start = CASE f.grain WHEN 'day' THEN date_add(f.period_start, -1)
        WHEN 'week' THEN date_add(f.period_start, -7) WHEN 'month' THEN add_months(f.period_start, -1) WHEN 'quarter' THEN add_months(f.period_start, -3)
        ELSE add_months(f.period_start, -12) END
    LEFT JOIN period_sums y ON y.grain = f.grain AND y.period_start = CASE WHEN f.grain IN ('day', 'week') THEN date_add(f.period_start, -364)
        ELSE add_months(f.period_start, -12) END
    WINDOW trailing_7 AS (PARTITION BY f.grain ORDER BY f.period_start ROWS 6 PRECEDING),
           trailing_28 AS (PARTITION BY f.grain ORDER BY f.period_start ROWS 27 PRECEDING)
)
SELECT grain, period_start, is_complete, orders, return_orders, customers, new_customers, units_sold, units_returned, sales, returns, revenue, discounts,
       price(raw4(sales), orders) AS aov, ratio(raw4(returns), raw4(sales)) AS return_rate, previous_revenue,
       CASE WHEN previous_revenue > 0 THEN ratio(raw4(revenue) - raw4(previous_revenue), raw4(previous_revenue)) END AS growth,
       CASE WHEN year_ago > 0 THEN ratio(raw4(revenue) - raw4(year_ago), raw4(year_ago)) END AS yoy_growth, revenue_7d, revenue_28d
FROM compared;

-- Regions.
CREATE TEMPORARY VIEW regional_sales AS
WITH leveled AS (
    SELECT stack(2, 'country', country, CAST(NULL AS STRING), 'state', country, state) AS (level, country, state), order_id, is_return, customer_id, units, net
    FROM parts
),
totals AS (
    SELECT level, country, state, count(*) FILTER (WHERE NOT is_return AND order_id IS NULL) AS pure,
           count(DISTINCT CASE WHEN NOT is_return THEN order_id END) AS mixed,
           coalesce(sum(units) FILTER (WHERE NOT is_return), 0) AS units_sold, coalesce(sum(units) FILTER (WHERE is_return), 0) AS units_returned,
           money4(sum(net) FILTER (WHERE NOT is_return)) AS sales, money4(sum(net) FILTER (WHERE is_return)) AS returns
    FROM leveled GROUP BY ALL
),
buyers AS (
    SELECT level, country, state, count(*) AS customers
    FROM (SELECT DISTINCT level, country, state, customer_id FROM leveled WHERE NOT is_return AND customer_id <> '') GROUP BY ALL
),
filled AS (
    SELECT t.level, t.country, k.country_code, t.state, pure + mixed AS orders, coalesce(customers, 0) AS customers, units_sold, units_returned, sales, returns,
           (sales - returns)::DECIMAL(28, 4) AS revenue
    FROM totals t LEFT JOIN buyers b ON b.level = t.level AND b.country = t.country AND b.state <=> t.state
    LEFT JOIN country_codes k ON k.country = t.country
),
ranked AS (
    SELECT *, raw4(sum(revenue) OVER (PARTITION BY level)::DECIMAL(28, 4)) AS total,
           row_number() OVER (PARTITION BY level ORDER BY revenue DESC, country, state) AS revenue_rank
    FROM filled
)
SELECT level, country, country_code, state, orders, customers, units_sold, units_returned, sales, returns, revenue, price(raw4(sales), orders) AS aov,
       ratio(raw4(returns), raw4(sales)) AS return_rate, CASE WHEN total > 0 THEN ratio(raw4(revenue), total) END AS revenue_share, revenue_rank
FROM ranked;
