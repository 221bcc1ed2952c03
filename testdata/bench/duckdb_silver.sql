-- Silver. Text is cleaned once per distinct value, not once per line: the lines look the cleaned values up.

-- "Unicode NFC, trimmed, inner runs of white space folded to one space, empty → NULL."
CREATE MACRO clean(s) AS CASE WHEN regexp_full_match(s, '[!-~]+( [!-~]+)*') THEN s ELSE nullif(trim(regexp_replace(nfc_normalize(s),
    '[\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+', ' ', 'g')), '') END;
CREATE MACRO spelling_key(s) AS lower(replace(s, ' ', ''));
CREATE MACRO country_key(s) AS
    trim(regexp_replace(replace(replace(lower(strip_accents(s)), '’', ''''), '.', ''), ' +', ' ', 'g'));

CREATE TABLE spellings AS SELECT * FROM read_csv('$here$/countries.csv', all_varchar = true, header = true);

-- Countries, one row per spelling as it stands in the files.
CREATE TABLE country_texts AS
WITH texts AS (SELECT country AS text FROM raw_sales UNION SELECT country FROM raw_customers),
     cleaned AS (SELECT text, clean(text) AS country FROM texts WHERE text IS NOT NULL)
SELECT text, coalesce(s.name, country) AS country, s.code AS country_code
FROM cleaned
LEFT JOIN spellings s ON s.key = country_key(country)
WHERE country IS NOT NULL;

-- (No WHERE above a DISTINCT: it would be pushed below, and clean every line after all.)
CREATE TABLE state_texts AS
SELECT text, clean(text) AS state FROM (SELECT state AS text FROM raw_sales UNION SELECT state FROM raw_customers);
CREATE TABLE channel_texts AS SELECT channel AS text, clean(channel) AS channel FROM (SELECT DISTINCT channel FROM raw_sales);
CREATE TABLE payment_texts AS SELECT payment_method AS text, clean(payment_method) AS payment_method FROM (SELECT DISTINCT payment_method FROM raw_sales);
CREATE TABLE city_texts AS SELECT text, clean(text) AS city FROM (SELECT DISTINCT city AS text FROM raw_customers);

CREATE TYPE country_t AS ENUM (SELECT DISTINCT country FROM (SELECT country FROM country_texts UNION SELECT 'Unknown') ORDER BY 1);
CREATE TYPE country_code_t AS ENUM (SELECT DISTINCT country_code FROM country_texts WHERE country_code IS NOT NULL ORDER BY 1);
CREATE TYPE state_t AS ENUM (SELECT state FROM (SELECT state FROM state_texts UNION SELECT 'Unknown') WHERE state IS NOT NULL ORDER BY 1);
CREATE TYPE city_t AS ENUM (SELECT DISTINCT city FROM city_texts WHERE city IS NOT NULL ORDER BY 1);
CREATE TYPE channel_t AS ENUM (SELECT DISTINCT channel FROM channel_texts WHERE channel IS NOT NULL ORDER BY 1);
CREATE TYPE payment_t AS ENUM (SELECT DISTINCT payment_method FROM payment_texts WHERE payment_method IS NOT NULL ORDER BY 1);

-- Customers: latest wins.
CREATE TABLE known_customers AS
WITH latest AS (
    SELECT rowid AS record, clean(customer_id) AS customer_id, * EXCLUDE (customer_id, rescued)
    FROM raw_customers
    WHERE clean(customer_id) IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY clean(customer_id)
        ORDER BY updated_at DESC NULLS LAST, signup_date DESC NULLS LAST, rowid DESC) = 1
)
SELECT customer_id, clean(first_name) AS first_name, clean(last_name) AS last_name,
       nullif(concat_ws(' ', clean(first_name), clean(last_name)), '') AS full_name,
       CASE WHEN regexp_full_match(lower(clean(email)), '[^@\s]+@[^@\s.]+(\.[^@\s.]+)+') THEN lower(clean(email)) END AS email,
       CASE WHEN regexp_matches(phone, '[0-9]')
            THEN CASE WHEN starts_with(clean(phone), '+') THEN '+' ELSE '' END || regexp_replace(phone, '[^0-9]', '', 'g') END AS phone,
       clean(gender) AS gender, birth_date, clean(address) AS address, t.city::city_t AS city, s.state::state_t AS state,
       clean(postal_code) AS postal_code, c.country::country_t AS country, c.country_code::country_code_t AS country_code,
       clean(segment) AS segment, signup_date, updated_at
FROM latest l
LEFT JOIN country_texts c ON c.text = l.country
LEFT JOIN state_texts s ON s.text = l.state
LEFT JOIN city_texts t ON t.text = l.city;

-- Every customer that a file or a line names, numbered in the order of their ids.
CREATE TABLE customer_texts AS SELECT text, clean(text) AS customer_id FROM (SELECT DISTINCT customer_id AS text FROM raw_sales);
CREATE TABLE customers AS
SELECT (row_number() OVER (ORDER BY k.customer_id))::INTEGER AS customer, k.customer_id, c.* EXCLUDE (customer_id),
       c.customer_id IS NULL AS is_inferred
FROM (SELECT customer_id FROM known_customers UNION SELECT customer_id FROM customer_texts WHERE customer_id IS NOT NULL) k
LEFT JOIN known_customers c USING (customer_id);

-- Products: latest wins; "one spelling per value, the most frequent, ties to the first in byte order".
CREATE TABLE latest_products AS
SELECT clean(product_id) AS product_id, clean(product_name) AS product_name, clean(category) AS category,
       clean(subcategory) AS subcategory, clean(brand) AS brand,
       CASE WHEN unit_cost >= 0 THEN unit_cost END AS unit_cost, CASE WHEN unit_price >= 0 THEN unit_price END AS unit_price,
       updated_at
FROM raw_products
WHERE clean(product_id) IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY clean(product_id) ORDER BY updated_at DESC NULLS LAST, rowid DESC) = 1;
CREATE TABLE elected AS
WITH votes AS (
    SELECT kind, spelling, count(*) AS votes
    FROM (UNPIVOT (SELECT category, subcategory, brand FROM latest_products) ON category, subcategory, brand INTO NAME kind VALUE spelling)
    GROUP BY kind, spelling
)
SELECT kind, spelling_key(spelling) AS key, first(spelling ORDER BY votes DESC, spelling) AS spelling FROM votes GROUP BY ALL;
CREATE TABLE product_texts AS SELECT text, clean(text) AS product_id FROM (SELECT DISTINCT product_id AS text FROM raw_sales);
CREATE TABLE products AS
SELECT (row_number() OVER (ORDER BY k.product_id))::INTEGER AS product, k.product_id, product_name,
       coalesce(c.spelling, 'Uncategorized') AS category, s.spelling AS subcategory, b.spelling AS brand, unit_cost, unit_price,
       p.product_id IS NULL AS is_inferred, updated_at
FROM (SELECT product_id FROM latest_products UNION SELECT product_id FROM product_texts WHERE product_id IS NOT NULL) k
LEFT JOIN latest_products p USING (product_id)
LEFT JOIN elected c ON c.kind = 'category' AND c.key = spelling_key(p.category)
LEFT JOIN elected s ON s.kind = 'subcategory' AND s.key = spelling_key(p.subcategory)
LEFT JOIN elected b ON b.kind = 'brand' AND b.key = spelling_key(p.brand);
CREATE TYPE category_t AS ENUM (SELECT DISTINCT category FROM products ORDER BY 1);

CREATE TABLE customer_lookup AS
SELECT text, customer, customer_id, country, country_code, state, city FROM customer_texts JOIN customers USING (customer_id);
CREATE TABLE product_lookup AS
SELECT text, product, product_id, category::category_t AS category, unit_cost, unit_price FROM product_texts JOIN products USING (product_id);

-- The narrow arithmetic below is exact within these bounds.
SELECT CASE WHEN coalesce(max(abs(quantity)), 0) > 99999 OR coalesce(max(abs(unit_price)), 0) > 99999999
              OR (SELECT coalesce(max(greatest(unit_cost, unit_price)), 0) FROM products) > 99999999
            THEN error('quantities or prices beyond this script''s arithmetic') END
FROM raw_sales;

-- Every line with its amounts and, where silver cannot use it, the reason; a returned sale twice, its return first.
CREATE TABLE fact AS
WITH lines AS (
    SELECT r.rowid AS record, r.file, clean(r.order_id) AS order_id, r.line_number, r.ordered_at, r.ordered_at::DATE AS order_date,
           coalesce(c.customer, -1) AS customer, c.customer_id, p.product, p.product_id,
           abs(r.quantity)::DECIMAL(5, 0) AS units, r.quantity,
           coalesce(r.unit_price, p.unit_price)::DECIMAL(12, 4) AS unit_price, r.discount_rate AS rate, r.tax_amount,
           p.unit_cost::DECIMAL(12, 4) AS unit_cost, p.category,
           coalesce(n.country, c.country, 'Unknown'::country_t) AS country,
           CASE WHEN n.country IS NULL THEN c.country_code ELSE n.country_code END AS country_code,
           coalesce(s.state, CASE WHEN n.country IS NULL OR n.country = c.country THEN c.state END, 'Unknown'::state_t) AS state,
           CASE WHEN n.country IS NULL OR n.country = c.country THEN c.city END AS city,
           h.channel, m.payment_method, clean(r.original_order_id) AS original_order_id, r.updated_at,
           r.quantity < 0 IS TRUE OR CASE WHEN r.line_type = 'sale' THEN false
                                          ELSE (lower(clean(r.line_type)) = 'return') IS TRUE END AS is_document,
           CASE WHEN r.status IS NULL THEN false ELSE (lower(clean(r.status)) IN ('returned', 'cancelled')) IS TRUE END AS came_back
    FROM raw_sales r
    LEFT JOIN customer_lookup c ON c.text = r.customer_id
    LEFT JOIN product_lookup p ON p.text = r.product_id
    LEFT JOIN (SELECT text, country::country_t AS country, country_code::country_code_t AS country_code FROM country_texts) n ON n.text = r.country
    LEFT JOIN (SELECT text, state::state_t AS state FROM state_texts) s ON s.text = r.state
    LEFT JOIN (SELECT text, channel::channel_t AS channel FROM channel_texts) h ON h.text = r.channel
    LEFT JOIN (SELECT text, payment_method::payment_t AS payment_method FROM payment_texts) m ON m.text = r.payment_method
    WHERE r.reject IS NULL
),
amounts AS (
    SELECT *, units * unit_price AS gross,
           CASE WHEN rate IS NULL THEN units * unit_price
                WHEN rate BETWEEN 0 AND 1
                THEN ((units * unit_price)::DECIMAL(18, 4) * (1 - rate)::DECIMAL(7, 6))::DECIMAL(18, 4) END AS net,
           units * unit_cost AS cost,
           CASE WHEN order_id IS NULL THEN 1
                WHEN product IS NULL THEN 2
                WHEN quantity IS NULL OR quantity = 0 THEN 3
                WHEN ordered_at IS NULL OR order_date NOT BETWEEN DATE '2020-01-01' AND DATE '2029-12-31' THEN 4
                WHEN unit_price IS NULL OR unit_price < 0 THEN 5
                WHEN rate NOT BETWEEN 0 AND 1 THEN 6
                ELSE 0 END::UTINYINT AS reason
    FROM lines
)
SELECT record, file, order_id, line_number, ordered_at, order_date, customer, customer_id, product, product_id,
       unnest(CASE WHEN is_document THEN [1::TINYINT] WHEN came_back AND reason = 0 THEN [2::TINYINT, 0::TINYINT] ELSE [0::TINYINT] END) AS kind,
       units::INTEGER AS units, unit_price::DECIMAL(18, 4) AS unit_price,
       greatest(gross - net, 0)::DECIMAL(18, 4) AS discount, tax_amount, net::DECIMAL(18, 4) AS net, cost::DECIMAL(18, 4) AS cost,
       category, country, country_code, state, enum_code(country)::INTEGER * 65536 + enum_code(state)::INTEGER AS place,
       city, channel, payment_method, original_order_id, updated_at, reason
FROM amounts
ORDER BY record, kind DESC; -- DuckDB's joins do not keep the order, but for what is nearly sorted its sort is cheap

CREATE TABLE reasons AS
SELECT f.record, ['missing_order_id', 'missing_product_id', 'invalid_quantity', 'invalid_date', 'invalid_unit_price', 'invalid_discount'][f.reason] AS reason
FROM fact f WHERE f.reason > 0;
DELETE FROM fact WHERE reason > 0;

CREATE MACRO instant(t) AS regexp_replace(strftime(t, '%Y-%m-%dT%H:%M:%S.%f'), '\.?0+$', '') || 'Z';
CREATE TABLE silver.quarantine AS
SELECT q."table", q.reason, object(q.members) AS values, q._source_file AS source_file, q._source_row AS source_row
FROM (
    SELECT 'customers' AS "table", 'missing_key' AS reason, _source_file, _source_row, 0 AS file,
           [member('customer_id', customer_id), member('first_name', first_name), member('last_name', last_name), member('email', email), member('phone', phone),
            member('gender', gender), member('birth_date', birth_date), member('address', address), member('city', city),
            member('state', state), member('postal_code', postal_code), member('country', country), member('segment', segment),
            member('signup_date', signup_date), member('updated_at', instant(timezone('UTC', updated_at))),
            member('_source_file', _source_file), member('_source_row', _source_row), member('_batch_id', _batch_id),
            member('_rescued_data', _rescued_data)] AS members
    FROM bronze.customers WHERE clean(customer_id) IS NULL
    UNION ALL
    SELECT 'products', 'missing_key', _source_file, _source_row, 0,
           [member('product_id', product_id), member('product_name', product_name), member('category', category), member('subcategory', subcategory),
            member('brand', brand), member('unit_cost', unit_cost), member('unit_price', unit_price), member('currency', currency),
            member('updated_at', instant(timezone('UTC', updated_at))), member('_source_file', _source_file),
            member('_source_row', _source_row), member('_batch_id', _batch_id), member('_rescued_data', _rescued_data)]
    FROM bronze.products WHERE clean(product_id) IS NULL
    UNION ALL
    SELECT 'sales', x.reason, f.name, r.rowid - f.first + 1, r.file,
           [member('order_id', order_id), member('line_number', line_number), member('line_type', line_type), member('status', status),
            member('ordered_at', instant(ordered_at)), member('customer_id', customer_id), member('product_id', product_id),
            member('quantity', quantity), member('unit_price', unit_price), member('discount_rate', discount_rate),
            member('tax_amount', tax_amount), member('channel', channel), member('payment_method', payment_method),
            member('state', state), member('country', country), member('original_order_id', original_order_id),
            member('updated_at', instant(updated_at)), member('_source_file', f.name), member('_source_row', r.rowid - f.first + 1),
            member('_batch_id', '$batch$'), member('_rescued_data', rescued)]
    FROM raw_sales r JOIN reasons x ON x.record = r.rowid JOIN ($file_rows$) f ON f.file = r.file
) q
ORDER BY q."table", q.file, q._source_row;

-- "The same (order_id, line_number, return document or not) keeps the latest updated_at, else the last." Lines that
-- share a key are found by its hash (a superset), and judged by the key itself.
CREATE TABLE repeated AS
SELECT hash(order_id, line_number, kind) AS h FROM fact WHERE line_number IS NOT NULL AND kind < 2 GROUP BY h HAVING count(*) > 1;
CREATE TABLE losers AS
SELECT record FROM fact
WHERE line_number IS NOT NULL AND kind < 2 AND hash(order_id, line_number, kind) IN (FROM repeated)
QUALIFY row_number() OVER (PARTITION BY order_id, line_number, kind ORDER BY updated_at DESC NULLS LAST, record DESC) > 1;
DELETE FROM fact WHERE record IN (FROM losers);

CREATE TABLE silver.dim_customers AS
SELECT customer_id, first_name, last_name, full_name, email, phone, gender,
       CASE WHEN birth_date > (SELECT max(order_date) FROM fact) THEN NULL ELSE birth_date END AS birth_date,
       address, city, state, postal_code, country, country_code, segment, signup_date, is_inferred, utc(updated_at) AS updated_at,
       customer
FROM customers
WHERE NOT is_inferred OR customer IN (SELECT DISTINCT customer FROM fact)
ORDER BY customer;

CREATE TABLE silver.dim_products AS
SELECT product_id, product_name, category, subcategory, brand, unit_cost, unit_price, is_inferred, utc(updated_at) AS updated_at, product
FROM products
WHERE NOT is_inferred OR product IN (SELECT DISTINCT product FROM fact)
ORDER BY product;
