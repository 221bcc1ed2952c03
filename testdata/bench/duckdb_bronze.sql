-- Bronze. Marks between dollar signs are filled in by duckdb_bench.py, which also knows why each step is as it is.

-- A sales file is read line by line without quoting: a quote that never closes then damages its own line alone, and
-- the reader stays parallel. Lines that hold a quoted field (one in 2000) are split again, by the rules of CSV.
CREATE MACRO csv_split(line) AS regexp_extract_all(',' || line, ',("(?:[^"]|"")*"|[^",][^,]*|)');
CREATE MACRO csv_field(f) AS nullif(CASE WHEN f[2] = '"' THEN replace(f[3:-2], '""', '"') ELSE f[2:] END, '');

-- "A decimal with more digits than its scale is rounded; an integer accepts a zero fraction; anything else is rescued."
CREATE MACRO whole(s) AS CASE WHEN contains(s, '.') THEN try_cast(nullif(regexp_replace(s, '\.0*$', ''), s) AS BIGINT)
                              ELSE try_cast(s AS BIGINT) END;
-- "$1,299.00 is 1299": tried where the plain cast failed.
CREATE MACRO money(s) AS coalesce(try_cast(s AS DECIMAL(18, 4)),
    CASE WHEN s IS NOT NULL AND regexp_full_match(s, '\s*-?(USD|\$)?\s*-?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]*)?\s*(USD|\$)?\s*')
         THEN try_cast(regexp_replace(s, '[^0-9.-]', '', 'g') AS DECIMAL(18, 4)) END);
CREATE MACRO day(s) AS coalesce(try_cast(s AS DATE), try_strptime(s, '%d/%m/%Y')::DATE);
CREATE MACRO utc(t) AS make_timestamptz(epoch_us(t));
CREATE MACRO member(name, value) AS CASE WHEN value IS NOT NULL THEN '"' || name || '":' || to_json(value::VARCHAR) END;
CREATE MACRO object(members) AS '{' || array_to_string(list_filter(members, lambda m: m IS NOT NULL), ',') || '}';
CREATE MACRO bad(source, value) AS source IS NOT NULL AND value IS NULL;

CREATE TABLE raw_sales AS
WITH text AS (
    SELECT *, file_index::UTINYINT AS file,
           $quoted$ AS quoted
    FROM read_csv($files$, columns = $columns$, header = true, delim = ',', quote = '', escape = '', auto_detect = false,
                  null_padding = true, nullstr = '\x01', buffer_size = $buffer$)
),
-- No field is read as NULL: a NULL is padding, and tells how many fields the line has.
lines AS (
    SELECT *, CASE WHEN quoted OR updated_at IS NULL OR _x1 IS NOT NULL THEN $line$ END AS line FROM text
),
split AS (
    SELECT *, CASE WHEN quoted THEN csv_split(line) END AS q FROM lines
),
fields AS (
    SELECT file, $fields$,
           CASE WHEN line IS NULL OR quoted AND updated_at IS NOT NULL AND len(q) = 17 AND array_to_string(q, '') = ',' || line
                THEN NULL ELSE line END AS reject
    FROM split
),
typed AS (
    SELECT *, whole(line_number)::INTEGER AS n_line, try_cast(ordered_at AS TIMESTAMP) AS n_ordered,
           whole(quantity) AS n_quantity, money(unit_price) AS n_price, try_cast(discount_rate AS DECIMAL(9, 6)) AS n_rate,
           try_cast(tax_amount AS DECIMAL(18, 4)) AS n_tax, try_cast(updated_at AS TIMESTAMP) AS n_updated
    FROM fields
)
SELECT order_id, n_line AS line_number, line_type, status, n_ordered AS ordered_at, customer_id, product_id,
       n_quantity AS quantity, n_price AS unit_price, n_rate AS discount_rate, n_tax AS tax_amount, channel,
       payment_method, state, country, original_order_id, n_updated AS updated_at,
       CASE WHEN bad(line_number, n_line) OR bad(ordered_at, n_ordered) OR bad(quantity, n_quantity)
              OR bad(unit_price, n_price) OR bad(discount_rate, n_rate) OR bad(tax_amount, n_tax) OR bad(updated_at, n_updated)
            THEN object([CASE WHEN n_line IS NULL THEN member('line_number', line_number) END,
                         CASE WHEN n_ordered IS NULL THEN member('ordered_at', ordered_at) END,
                         CASE WHEN n_quantity IS NULL THEN member('quantity', quantity) END,
                         CASE WHEN n_price IS NULL THEN member('unit_price', unit_price) END,
                         CASE WHEN n_rate IS NULL THEN member('discount_rate', discount_rate) END,
                         CASE WHEN n_tax IS NULL THEN member('tax_amount', tax_amount) END,
                         CASE WHEN n_updated IS NULL THEN member('updated_at', updated_at) END]) END AS rescued,
       reject, file
FROM typed;

CREATE TABLE raw_customers AS
SELECT customer_id, first_name, last_name, email, phone, gender, day(birth_date) AS birth_date, address, city, state,
       postal_code, country, segment, day(signup_date) AS signup_date, try_cast(updated_at AS TIMESTAMP) AS updated_at,
       CASE WHEN bad(birth_date, day(birth_date)) OR bad(signup_date, day(signup_date))
              OR bad(updated_at, try_cast(updated_at AS TIMESTAMP))
            THEN object([CASE WHEN day(birth_date) IS NULL THEN member('birth_date', birth_date) END,
                         CASE WHEN day(signup_date) IS NULL THEN member('signup_date', signup_date) END,
                         CASE WHEN try_cast(updated_at AS TIMESTAMP) IS NULL THEN member('updated_at', updated_at) END])
       END AS rescued
FROM read_csv('$data$/customers.csv', all_varchar = true, header = true, delim = ',', quote = '"', escape = '"');

CREATE TABLE raw_products AS
SELECT product_id, product_name, category, subcategory, brand, money(unit_cost) AS unit_cost,
       money(unit_price) AS unit_price, currency, try_cast(updated_at AS TIMESTAMP) AS updated_at,
       CASE WHEN bad(unit_cost, money(unit_cost)) OR bad(unit_price, money(unit_price))
              OR bad(updated_at, try_cast(updated_at AS TIMESTAMP))
            THEN object([CASE WHEN money(unit_cost) IS NULL THEN member('unit_cost', unit_cost) END,
                         CASE WHEN money(unit_price) IS NULL THEN member('unit_price', unit_price) END,
                         CASE WHEN try_cast(updated_at AS TIMESTAMP) IS NULL THEN member('updated_at', updated_at) END])
       END AS rescued
FROM read_csv('$data$/products.csv', all_varchar = true, header = true, delim = ',', quote = '"', escape = '"');

-- The tables in the contract's columns. rowid counts the records of all files in order.
CREATE TABLE sales_files AS SELECT file, min(rowid) AS first, count(*) AS records FROM raw_sales GROUP BY file;

CREATE VIEW bronze.customers AS
SELECT customer_id, first_name, last_name, NULL::VARCHAR AS full_name, email, phone, gender, birth_date, address, city,
       state, postal_code, country, segment, signup_date, utc(updated_at) AS updated_at,
       'customers.csv' AS _source_file, rowid + 1 AS _source_row, '$batch$' AS _batch_id, rescued AS _rescued_data
FROM raw_customers;

CREATE VIEW bronze.products AS
SELECT product_id, product_name, category, subcategory, brand, unit_cost, unit_price, currency,
       utc(updated_at) AS updated_at,
       'products.csv' AS _source_file, rowid + 1 AS _source_row, '$batch$' AS _batch_id, rescued AS _rescued_data
FROM raw_products;
