-- What the dashboard's charts are made of without a filter, from the gold tables: what gold has stored is taken as it
-- stands. Of a few numbers gold has none: it is said where they come from.

-- All time is no period of gold: sums are those of the years. Orders of all time are in no gold table: of the lines.
CREATE VIEW total AS
WITH years AS (
    SELECT sum(revenue)::DECIMAL(28, 4) AS revenue, sum(sales)::DECIMAL(28, 4) AS sales, sum(returns)::DECIMAL(28, 4) AS returns,
           sum(units_sold)::BIGINT AS units_sold, sum(new_customers)::BIGINT AS new_customers
    FROM gold.sales_summary WHERE grain = 'year'
),
fact AS (SELECT count(DISTINCT order_id) AS orders FROM facts WHERE line_type = 'sale'),
products AS (SELECT CASE WHEN count(*) = count(margin) THEN sum(margin)::DECIMAL(28, 4) END AS margin FROM gold.product_performance),
segmented AS (SELECT count(*) AS customers FROM gold.customer_segmentation)
SELECT *, average(quotient(raw4(sales), orders, 1)) AS aov, ratio(quotient(raw4(returns), raw4(sales), 1000000)) AS return_rate,
       average(quotient(raw4(sales), units_sold, 1)) AS average_price, ratio(quotient(raw4(margin), raw4(revenue), 1000000)) AS margin_rate
FROM years, fact, products, segmented;

CREATE VIEW by_period AS
SELECT s.period_start AS start, s.revenue, s.sales, s.returns, s.return_rate, s.aov, s.orders, s.return_orders, s.new_customers, s.customers,
       s.previous_revenue AS before, s.growth, y.revenue AS year_before, s.yoy_growth AS yoy
FROM gold.sales_summary s
LEFT JOIN gold.sales_summary y ON y.grain = s.grain
    AND y.period_start = CASE WHEN s.grain IN ('day', 'week') THEN s.period_start - 364 ELSE (s.period_start - INTERVAL 1 YEAR)::DATE END
WHERE s.grain = getvariable('grain');

CREATE VIEW by_day AS
SELECT period_start AS start, revenue, orders, revenue_7d AS sum7, revenue_28d AS sum28 FROM gold.sales_summary WHERE grain = 'day';

CREATE VIEW by_country AS SELECT *, revenue_share AS share FROM gold.regional_sales WHERE level = 'country';
CREATE VIEW by_state AS FROM gold.regional_sales WHERE level = 'state';

-- Products without a line are in gold, and not on the page.
CREATE VIEW by_product AS
SELECT *, revenue_rank AS place FROM gold.product_performance WHERE units_sold > 0 OR units_returned > 0;

-- Categories are no gold table: they are the sums of their products.
CREATE MACRO together(product) AS {
    revenue: sum(product.revenue)::DECIMAL(28, 4), sales: sum(product.sales)::DECIMAL(28, 4), returns: sum(product.returns)::DECIMAL(28, 4), units_sold: sum(product.units_sold)::BIGINT,
    margin: CASE WHEN count(*) = count(product.margin) THEN sum(product.margin)::DECIMAL(28, 4) END,
    return_rate: ratio(quotient(raw4(sum(product.returns)), raw4(sum(product.sales)), 1000000)),
    margin_rate: CASE WHEN count(*) = count(product.margin) THEN ratio(quotient(raw4(sum(product.margin)), raw4(sum(product.revenue)), 1000000)) END
};
CREATE VIEW by_category AS SELECT category, m.* FROM (SELECT category, together(by_product) AS m FROM by_product GROUP BY ALL);
CREATE VIEW by_subcategory AS
SELECT category, subcategory, m.*
FROM (SELECT p.category, d.subcategory, together(p) AS m FROM by_product p JOIN silver.dim_products d USING (product_id) GROUP BY ALL);

CREATE VIEW buyers AS
SELECT s.customer_id, s.segment, s.r_score AS r, s.f_score AS f, s.recency_days AS recency, m.orders, m.revenue
FROM gold.customer_segmentation s
JOIN gold.customer_metrics m USING (customer_id);
