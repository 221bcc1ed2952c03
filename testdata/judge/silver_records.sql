-- The bronze rows with cleaned text, in record order, before any rule of one table.
-- "Every text column of silver, keys included and provenance excepted: Unicode NFC, trimmed, inner runs of white
-- space folded to one space, empty → NULL. Joins, deduplication and groups use the cleaned values; case is kept."

CREATE TABLE work.customer_records AS
SELECT record_number(f.number, b._source_row) AS record,
       clean(b.customer_id) AS customer_id, clean(b.first_name) AS first_name, clean(b.last_name) AS last_name,
       clean(b.full_name) AS full_name, clean(b.email) AS email, clean(b.phone) AS phone, clean(b.gender) AS gender,
       b.birth_date, clean(b.address) AS address, clean(b.city) AS city, clean(b.state) AS state,
       clean(b.postal_code) AS postal_code, clean(b.country) AS country, clean(b.segment) AS segment,
       b.signup_date, b.updated_at
FROM bronze.customers b
JOIN rules.source_files f ON f.table_name = 'customers' AND f.file = b._source_file;

CREATE TABLE work.product_records AS
SELECT record_number(f.number, b._source_row) AS record,
       clean(b.product_id) AS product_id, clean(b.product_name) AS product_name, clean(b.category) AS category,
       clean(b.subcategory) AS subcategory, clean(b.brand) AS brand,
       CASE WHEN b.unit_cost >= 0 THEN b.unit_cost END AS unit_cost,   -- "A negative cost or price → NULL"
       CASE WHEN b.unit_price >= 0 THEN b.unit_price END AS unit_price,
       b.updated_at
FROM bronze.products b
JOIN rules.source_files f ON f.table_name = 'products' AND f.file = b._source_file;

CREATE TABLE work.sale_records AS
SELECT record_number(f.number, b._source_row) AS record, f.is_returns,
       clean(b.order_id) AS order_id, b.line_number, clean(b.line_type) AS line_type, clean(b.status) AS status,
       b.ordered_at, b.returned_at, clean(b.customer_id) AS customer_id, clean(b.product_id) AS product_id,
       b.quantity, b.unit_price, b.line_amount, b.discount_rate, b.discount_amount, b.tax_amount,
       clean(b.currency) AS currency, clean(b.channel) AS channel, clean(b.payment_method) AS payment_method,
       clean(b.city) AS city, clean(b.state) AS state, clean(b.country) AS country,
       clean(b.original_order_id) AS original_order_id, b.updated_at, b._source_file, b._source_row
FROM bronze.sales b
JOIN rules.source_files f ON f.table_name = 'sales' AND f.file = b._source_file;

-- "country? (Unicode CLDR English name …), country_code? (alpha-2; from names, alpha-2, alpha-3 and the usual
-- aliases; an unknown spelling keeps its cleaned text in country and a NULL code)." One row per spelling that occurs.
CREATE TABLE work.countries AS
WITH spellings AS (
    SELECT country AS spelling FROM work.customer_records
    UNION SELECT country FROM work.sale_records
    UNION SELECT clean(country) FROM rules.customer_attributes
)
SELECT s.spelling, coalesce(c.name, s.spelling) AS country, c.code AS country_code
FROM spellings s
LEFT JOIN rules.country_spellings c ON c.spelling_key = country_key(s.spelling)
WHERE s.spelling IS NOT NULL;
