-- What the dashboard's numbers are judged by, whichever tables they come from. dashboard.py makes for each filter
--   history    the lines that its dimensions leave; lines: of them those of its days
--   chosen     the customers whose own country and segment it leaves
--   present, earlier and both by country    the measures of the two ranges whose difference is the change

-- Lines, with what they can be filtered by, and the day of their customer's first sale ever.
CREATE TABLE facts AS
SELECT f.*, p.product_name, p.subcategory, c.segment AS customer_segment,
       min(order_date) FILTER (line_type = 'sale') OVER (PARTITION BY f.customer_id) AS first_date
FROM silver.fact_sales f
LEFT JOIN silver.dim_products p USING (product_id)
LEFT JOIN silver.dim_customers c ON c.customer_id = f.customer_id;

-- The measures of a group of lines, finished.
CREATE MACRO measured(line) AS {
    revenue: coalesce(sum(line.revenue), 0)::DECIMAL(28, 4), sales: coalesce(sum(line.sales), 0)::DECIMAL(28, 4),
    returns: coalesce(sum(line.returns), 0)::DECIMAL(28, 4),
    orders: count(DISTINCT line.order_id) FILTER (line.line_type = 'sale'),
    return_orders: count(DISTINCT line.order_id) FILTER (line.line_type = 'return'),
    customers: count(DISTINCT line.customer_id) FILTER (line.line_type = 'sale'),
    units_sold: coalesce(sum(line.quantity) FILTER (line.line_type = 'sale'), 0)::BIGINT,
    margin: CASE WHEN count(*) = count(line.margin) THEN coalesce(sum(line.margin), 0)::DECIMAL(28, 4) END,
    aov: average(quotient(raw4(coalesce(sum(line.sales), 0)), count(DISTINCT line.order_id) FILTER (line.line_type = 'sale'), 1)),
    return_rate: ratio(quotient(raw4(coalesce(sum(line.returns), 0)), raw4(coalesce(sum(line.sales), 0)), 1000000)),
    margin_rate: CASE WHEN count(*) = count(line.margin)
                      THEN ratio(quotient(raw4(coalesce(sum(line.margin), 0)), raw4(coalesce(sum(line.revenue), 0)), 1000000)) END,
    average_price: average(quotient(raw4(coalesce(sum(line.sales), 0)), coalesce(sum(line.quantity) FILTER (line.line_type = 'sale'), 0), 1))
};

CREATE MACRO growth(present, earlier) AS
    CASE WHEN earlier > 0 THEN ratio(quotient(raw4(present) - raw4(earlier), raw4(earlier), 1000000)) END;
CREATE MACRO share(part, whole) AS CASE WHEN whole > 0 THEN ratio(quotient(raw4(part), raw4(whole), 1000000)) END;

-- Customers scored as of a day, by NTILE(5), from the lines before it; and the segments of TABLES.md's grid.
CREATE MACRO scored(as_of) AS TABLE
WITH each AS (
    SELECT customer_id, (as_of - max(order_date) FILTER (line_type = 'sale'))::BIGINT AS recency,
           count(DISTINCT order_id) FILTER (line_type = 'sale') AS orders, sum(revenue)::DECIMAL(28, 4) AS revenue
    FROM facts
    WHERE customer_id IS NOT NULL AND order_date < as_of
    GROUP BY customer_id
    HAVING count(*) FILTER (line_type = 'sale') > 0
),
ranked AS (
    SELECT *, ntile(5) OVER (ORDER BY recency DESC, customer_id) AS r, ntile(5) OVER (ORDER BY orders, customer_id) AS f FROM each
)
SELECT *, CASE WHEN r <= 2 THEN CASE WHEN f <= 2 THEN 'Hibernating' WHEN f <= 4 THEN 'At Risk' ELSE 'Can''t Lose Them' END
               WHEN r = 3 THEN CASE WHEN f <= 2 THEN 'About To Sleep' WHEN f = 3 THEN 'Need Attention' ELSE 'Loyal Customers' END
               WHEN r = 4 THEN CASE WHEN f = 1 THEN 'Promising' WHEN f <= 3 THEN 'Potential Loyalists' ELSE 'Loyal Customers' END
               ELSE CASE WHEN f = 1 THEN 'New Customers' WHEN f <= 3 THEN 'Potential Loyalists' ELSE 'Champions' END END AS segment
FROM ranked;

-- Bars of one round width (1, 2 or 5 times a power of ten): the least by which the middle 98 % take at most 22. Beyond
-- these, a bar on each side reaches as far as there are values. The last bar has its end in it.
CREATE MACRO bars(given) AS TABLE
WITH middle AS (
    SELECT v, v[1 + (n - 1) // 100] AS low, v[n - (n - 1) // 100] AS high, v[1] AS least, v[n] AS most
    FROM (SELECT list_sort(given) AS v, len(given) AS n)
    WHERE n > 0
),
widths AS (
    SELECT digit * 10.0::DOUBLE ** power AS width FROM unnest([1, 2, 5]) d(digit), unnest(range(0, 12)) p(power)
),
edges AS (
    SELECT *, floor(low / width) AS first, floor(high / width) AS last FROM middle, widths
    WHERE floor(high / width) - floor(low / width) + 1 <= 22
    ORDER BY width LIMIT 1
),
spans AS (
    SELECT floor(least) AS low, first * width AS high FROM edges WHERE least < first * width
    UNION ALL
    SELECT k * width, (k + 1) * width FROM (SELECT *, unnest(range(first::BIGINT, last::BIGINT + 1)) AS k FROM edges)
    UNION ALL
    SELECT (last + 1) * width, ceil(most) FROM edges WHERE most >= (last + 1) * width
)
SELECT low, high, (SELECT count(*) FROM (SELECT unnest(v) AS x FROM middle)
                   WHERE x >= low AND (x < high OR high = (SELECT max(high) FROM spans))) AS n
FROM spans;
