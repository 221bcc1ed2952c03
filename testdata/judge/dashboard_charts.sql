-- What each chart of the dashboard shows as a table, and what the figures above it are, of the views of dashboard_gold.sql
-- or dashboard_lines.sql. A query's rows and columns are those of the page, in its order; `--@ page/chart` names it.

-- Growth by country is in no gold table: it is that of the lines of two ranges of days.
CREATE VIEW countries AS
SELECT c.country, c.revenue, c.orders, c.customers, c.aov, c.return_rate, c.share, growth(n.revenue, b.revenue) AS growth
FROM by_country c LEFT JOIN present_by_country n USING (country) LEFT JOIN earlier_by_country b USING (country);

-- Money as an American reads it, without cents from 10,000 on.
CREATE MACRO told(v) AS CASE WHEN abs(v) >= 10000 THEN format('{:,}', round(v)::BIGINT) ELSE format('{:,.2f}', v::DOUBLE) END;
CREATE MACRO cells(v) AS rtrim(rtrim(v::VARCHAR, '0'), '.'); -- a number without a fixed number of digits

--@ start/figures
SELECT revenue, orders, aov, customers, return_rate, margin_rate FROM total;
--@ start/changes
SELECT growth(n.revenue, b.revenue) AS revenue, growth(n.orders, b.orders) AS orders, growth(n.aov, b.aov) AS aov,
       growth(n.customers, b.customers) AS customers, n.return_rate - b.return_rate AS return_rate, n.margin_rate - b.margin_rate AS margin_rate
FROM present n, earlier b;
--@ start/revenue_by_month
SELECT start, revenue, year_before FROM by_period ORDER BY start;
--@ start/says
SELECT strftime(getvariable('first_day'), '%b %-d, %Y') || ' – ' || strftime(getvariable('last_day'), '%b %-d, %Y')
       || format(' · {:,} order lines · {:,} customers · {:,} products', (SELECT count(*) FROM silver.fact_sales), (SELECT count(*) FROM silver.dim_customers), (SELECT count(*) FROM silver.dim_products))
UNION ALL (SELECT 'Best month: ' || strftime(start, '%b %Y') || ', ' || told(revenue) FROM by_period ORDER BY revenue DESC LIMIT 1)
UNION ALL (SELECT 'Most revenue: ' || segment || ', ' || told(sum(revenue)) FROM buyers GROUP BY segment ORDER BY sum(revenue) DESC LIMIT 1)
UNION ALL (SELECT 'Strongest category: ' || category || ', ' || told(revenue) FROM by_category ORDER BY revenue DESC LIMIT 1)
UNION ALL (SELECT 'Strongest country: ' || country || ', ' || told(revenue) FROM by_country ORDER BY revenue DESC LIMIT 1);
--@ start/start_category
SELECT category, revenue, return_rate FROM by_category ORDER BY revenue DESC, category LIMIT 6;
--@ start/start_country
SELECT country, revenue, return_rate FROM by_country ORDER BY revenue DESC, country LIMIT 6;

--@ sales/figures
SELECT revenue, sales, returns, return_rate, orders, aov, new_customers, margin_rate FROM total;
--@ sales/changes
SELECT growth(n.revenue, b.revenue) AS revenue, growth(n.sales, b.sales) AS sales, growth(n.returns, b.returns) AS returns,
       n.return_rate - b.return_rate AS return_rate, growth(n.orders, b.orders) AS orders, growth(n.aov, b.aov) AS aov,
       growth(n.new_customers, b.new_customers) AS new_customers, n.margin_rate - b.margin_rate AS margin_rate
FROM present n, earlier b;
--@ sales/revenue
SELECT start, revenue, before, growth, year_before, yoy FROM by_period ORDER BY start;
--@ sales/sales_returns
SELECT start, sales, returns, return_rate FROM by_period ORDER BY start;
--@ sales/growth
SELECT start, yoy, growth FROM by_period ORDER BY start;
--@ sales/aov
SELECT start, aov, sales, orders FROM by_period ORDER BY start;
--@ sales/orders
SELECT start, orders, return_orders FROM by_period ORDER BY start;
--@ sales/customers
SELECT start, new_customers, customers - new_customers, customers FROM by_period ORDER BY start;
--@ sales/trailing
SELECT start, revenue, sum7, sum28, average(quotient(raw4(sum7), 7, 1)), average(quotient(raw4(sum28), 28, 1)) FROM by_day ORDER BY start;
--@ sales/calendar
SELECT start, revenue, orders FROM by_day ORDER BY start;
-- Neither is a gold table: of the lines, also where nothing is filtered.
--@ sales/by_channel
SELECT channel, revenue, share(revenue, sum(revenue) OVER ()), return_rate
FROM (SELECT channel, m.* FROM (SELECT channel, measured(lines) AS m FROM lines GROUP BY ALL)) ORDER BY revenue DESC, coalesce(channel, '') LIMIT 10;
--@ sales/by_segment
SELECT customer_segment, revenue, share(revenue, sum(revenue) OVER ()), return_rate
FROM (SELECT customer_segment, m.* FROM (SELECT customer_segment, measured(lines) AS m FROM lines GROUP BY ALL)) ORDER BY revenue DESC, coalesce(customer_segment, '') LIMIT 10;

--@ customers/figures
SELECT count(*) AS segmented_customers, average(quotient(raw4(sum(revenue)), count(*), 1)) AS clv,
       cells(ratio(quotient(sum(orders), count(*), 1000000))) AS orders_per_customer,
       share(coalesce(sum(revenue) FILTER (segment = 'Champions'), 0), sum(revenue)) AS "share_Champions",
       share(coalesce(sum(revenue) FILTER (segment = 'At Risk'), 0), sum(revenue)) AS "share_At Risk"
FROM buyers;
-- Segments stand in the order of the grid, also those without a customer. Gold does not keep what they were 30 days
-- before: scored as gold scores, from the lines before that day.
--@ customers/segments
WITH names AS (SELECT unnest(['Hibernating', 'At Risk', 'Can''t Lose Them', 'About To Sleep', 'Need Attention', 'Loyal Customers', 'Promising',
                              'Potential Loyalists', 'New Customers', 'Champions']) AS segment, generate_subscripts(range(10), 1) AS place),
present AS (SELECT segment, count(*) AS customers, sum(revenue) AS revenue FROM buyers GROUP BY segment),
past AS (SELECT segment, count(*) AS customers FROM scored(getvariable('last_day') + 1 - 30) JOIN chosen USING (customer_id) GROUP BY segment),
joined AS (SELECT place, segment, coalesce(n.customers, 0) AS customers, coalesce(p.customers, 0) AS earlier, coalesce(n.revenue, 0)::DECIMAL(28, 4) AS revenue
         FROM names LEFT JOIN present n USING (segment) LEFT JOIN past p USING (segment))
SELECT segment, customers, share(customers, sum(customers) OVER ()), earlier, customers - earlier, revenue,
       share(revenue, sum(revenue) OVER ()), average(quotient(raw4(revenue), customers, 1))
FROM joined ORDER BY place;
--@ customers/rfm
WITH scores AS (SELECT unnest(range(1, 6)) AS score)
SELECT r.score, f.score, count(customer_id), coalesce(sum(revenue), 0)::DECIMAL(28, 4)
FROM scores r CROSS JOIN scores f LEFT JOIN buyers b ON b.r = r.score AND b.f = f.score GROUP BY ALL ORDER BY 1, 2;
-- Gold has no bars: these are counted of its customers, by the rule that the dashboard states.
--@ customers/clv
SELECT low::DECIMAL(28, 4), high::DECIMAL(28, 4), n FROM bars((SELECT list(revenue::DOUBLE) FROM buyers)) ORDER BY low;
--@ customers/recency
SELECT low::BIGINT, high::BIGINT, n FROM bars((SELECT list(recency::DOUBLE) FROM buyers)) ORDER BY low;
--@ customers/top_customers
SELECT customer_id, segment, revenue, orders FROM buyers ORDER BY revenue DESC, customer_id LIMIT 100;

--@ products/figures
SELECT revenue, units_sold, average_price, return_rate, margin, margin_rate FROM total;
--@ products/changes
SELECT growth(n.revenue, b.revenue) AS revenue, growth(n.units_sold, b.units_sold) AS units_sold, growth(n.average_price, b.average_price) AS average_price,
       n.return_rate - b.return_rate AS return_rate, growth(n.margin, b.margin) AS margin, n.margin_rate - b.margin_rate AS margin_rate
FROM present n, earlier b;
--@ products/top_products
SELECT coalesce(product_name, product_id), category, revenue, units_sold, return_rate, average_price, margin_rate FROM by_product WHERE place <= 500
ORDER BY CASE WHEN getvariable('shown') = 'units' THEN units_sold ELSE 0 END DESC, place LIMIT 15;
--@ products/bottom_products
SELECT coalesce(product_name, product_id), category, revenue, units_sold, return_rate, average_price, margin_rate FROM by_product ORDER BY place DESC LIMIT 15;
-- Gold has no curve: up to 200 points of the shares that its products add up to.
--@ products/pareto
WITH ranked AS (SELECT row_number() OVER ranks AS k, count(*) OVER () AS n, raw4(sum(revenue) OVER ranks) AS up_to, raw4(sum(revenue) OVER ()) AS whole
                FROM by_product WINDOW ranks AS (ORDER BY place))
SELECT ratio(quotient(k, n, 1000000)), ratio(quotient(up_to, whole, 1000000)) FROM ranked
WHERE whole > 0 AND k * 200 // n > (k - 1) * 200 // n ORDER BY k;
--@ products/classes
WITH classes AS (SELECT abc_class, count(*) AS n, sum(revenue) AS revenue, sum(sales) AS sales, sum(returns) AS returns FROM by_product GROUP BY abc_class)
SELECT abc_class, n, share(n, sum(n) OVER ()), revenue, share(revenue, sum(revenue) OVER ()), ratio(quotient(raw4(returns), raw4(sales), 1000000))
FROM classes ORDER BY abc_class;
--@ products/return_rates
SELECT coalesce(product_name, product_id), category, revenue, units_sold, return_rate, average_price, margin_rate FROM by_product
WHERE place <= 500 AND return_rate IS NOT NULL AND revenue > 0 ORDER BY place;
--@ products/category_tree
SELECT category, subcategory, revenue, units_sold, return_rate FROM by_subcategory ORDER BY revenue DESC, category, coalesce(subcategory, '');
--@ products/categories
SELECT category, revenue, return_rate FROM by_category ORDER BY revenue DESC, category;
--@ products/price_margin
SELECT coalesce(product_name, product_id), category, revenue, units_sold, return_rate, average_price, margin_rate FROM by_product
WHERE place <= 500 AND average_price > 0 AND margin_rate IS NOT NULL ORDER BY place;
--@ products/margins
SELECT category, margin_rate, margin, revenue FROM by_category ORDER BY margin_rate DESC NULLS LAST, revenue DESC, category;
--@ products/category_returns
SELECT category, return_rate, returns, sales FROM by_category ORDER BY return_rate DESC NULLS LAST, revenue DESC, category;
--@ products/all_products
SELECT coalesce(product_name, product_id), category, revenue, units_sold, return_rate, average_price, margin_rate FROM by_product ORDER BY place LIMIT 500;

--@ regions/figures
SELECT revenue, orders, customers, aov, return_rate FROM total;
--@ regions/changes
SELECT growth(n.revenue, b.revenue) AS revenue, growth(n.orders, b.orders) AS orders, growth(n.customers, b.customers) AS customers,
       growth(n.aov, b.aov) AS aov, n.return_rate - b.return_rate AS return_rate
FROM present n, earlier b;
--@ regions/map
FROM countries ORDER BY revenue DESC, country;
--@ regions/countries
FROM countries ORDER BY CASE getvariable('shown') WHEN 'growth' THEN growth WHEN 'orders' THEN orders ELSE revenue END DESC NULLS LAST, revenue DESC, country LIMIT 15;
--@ regions/states
SELECT state, revenue, orders, customers, aov, return_rate, share(revenue, sum(revenue) OVER ()) FROM by_state
WHERE country = getvariable('country') ORDER BY revenue DESC, state LIMIT 15;
--@ regions/shares
FROM countries ORDER BY revenue DESC, country LIMIT 10;
--@ regions/region_growth
FROM countries ORDER BY revenue DESC, country LIMIT 10;
--@ regions/region_returns
FROM countries ORDER BY revenue DESC, country LIMIT 10;
--@ regions/region_aov
FROM countries ORDER BY revenue DESC, country LIMIT 10;
