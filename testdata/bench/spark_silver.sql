-- Silver in Spark's SQL, after duckdb_silver.sql. Marks between dollar signs are filled in by spark_bench.py:
-- $clean:x$ is x in Unicode NFC, trimmed, inner runs of white space folded to one space, empty → NULL.

-- Customers: latest wins.
CREATE TEMPORARY VIEW known_customers AS
WITH cleaned AS (SELECT $clean:customer_id$ AS id, c.* FROM bronze_customers c),
     ranked AS (SELECT *, row_number() OVER (PARTITION BY id ORDER BY updated_at DESC NULLS LAST, signup_date DESC NULLS LAST, _source_row DESC) AS place
                FROM cleaned WHERE id IS NOT NULL),
     fields AS (SELECT *, $clean:first_name$ AS first, $clean:last_name$ AS last, lower($clean:email$) AS mail, $clean:phone$ AS number FROM ranked WHERE place = 1)
SELECT id AS customer_id, first AS first_name, last AS last_name, nullif(concat_ws(' ', first, last), '') AS full_name,
       CASE WHEN mail RLIKE '^[^@\\s]+@[^@\\s.]+(\\.[^@\\s.]+)+$' THEN mail END AS email,
       CASE WHEN number RLIKE '[0-9]' THEN CASE WHEN startswith(number, '+') THEN '+' ELSE '' END || regexp_replace(number, '[^0-9]', '') END AS phone,
       $clean:gender$ AS gender, birth_date, $clean:address$ AS address, $clean:city$ AS city, $clean:state$ AS state, $clean:postal_code$ AS postal_code,
       n.country, n.country_code, $clean:segment$ AS segment, signup_date, updated_at
FROM fields f LEFT JOIN country_texts n ON n.text = f.country;

-- Every customer that a file or a line names.
CREATE TEMPORARY VIEW customer_texts AS SELECT customer_id AS text, $clean:customer_id$ AS customer_id FROM (SELECT DISTINCT customer_id FROM bronze_sales);
CREATE TEMPORARY VIEW customers_now AS
SELECT customer_id, first_name, last_name, full_name, email, phone, gender, birth_date, address, city, state, postal_code, country, country_code, segment,
       signup_date, updated_at, k.known IS NULL AS is_inferred
FROM (SELECT customer_id FROM known_customers UNION SELECT customer_id FROM customer_texts WHERE customer_id IS NOT NULL)
LEFT JOIN (SELECT *, true AS known FROM known_customers) k USING (customer_id);
$keep customers customers_now$;
$keep customer_lookup SELECT t.text, c.customer_id, c.country, c.state, c.city FROM customer_texts t JOIN customers c USING (customer_id)$;

-- Products: latest wins; "one spelling per value, the most frequent, ties to the first in byte order".
CREATE TEMPORARY VIEW latest_products AS
WITH cleaned AS (SELECT $clean:product_id$ AS id, p.* FROM bronze_products p),
     ranked AS (SELECT *, row_number() OVER (PARTITION BY id ORDER BY updated_at DESC NULLS LAST, _source_row DESC) AS place FROM cleaned WHERE id IS NOT NULL)
SELECT id AS product_id, $clean:product_name$ AS product_name, $clean:category$ AS category, $clean:subcategory$ AS subcategory, $clean:brand$ AS brand,
       CASE WHEN unit_cost >= 0 THEN unit_cost END AS unit_cost, CASE WHEN unit_price >= 0 THEN unit_price END AS unit_price, updated_at
FROM ranked WHERE place = 1;
CREATE TEMPORARY VIEW elected AS
WITH votes AS (SELECT kind, spelling, count(*) AS votes
               FROM (SELECT stack(3, 'category', category, 'subcategory', subcategory, 'brand', brand) AS (kind, spelling) FROM latest_products)
               WHERE spelling IS NOT NULL GROUP BY kind, spelling),
     ranked AS (SELECT *, lower(replace(spelling, ' ', '')) AS key,
                       row_number() OVER (PARTITION BY kind, lower(replace(spelling, ' ', '')) ORDER BY votes DESC, spelling) AS place FROM votes)
SELECT kind, key, spelling FROM ranked WHERE place = 1;
CREATE TEMPORARY VIEW product_texts AS SELECT product_id AS text, $clean:product_id$ AS product_id FROM (SELECT DISTINCT product_id FROM bronze_sales);
CREATE TEMPORARY VIEW products_now AS
SELECT product_id, p.product_name, coalesce(c.spelling, 'Uncategorized') AS category, s.spelling AS subcategory, b.spelling AS brand, p.unit_cost, p.unit_price,
       p.known IS NULL AS is_inferred, p.updated_at
FROM (SELECT product_id FROM latest_products UNION SELECT product_id FROM product_texts WHERE product_id IS NOT NULL)
LEFT JOIN (SELECT *, true AS known FROM latest_products) p USING (product_id)
LEFT JOIN elected c ON c.kind = 'category' AND c.key = lower(replace(p.category, ' ', ''))
LEFT JOIN elected s ON s.kind = 'subcategory' AND s.key = lower(replace(p.subcategory, ' ', ''))
LEFT JOIN elected b ON b.kind = 'brand' AND b.key = lower(replace(p.brand, ' ', ''));
$keep products products_now$;
$keep product_lookup SELECT t.text, p.product_id, p.category, p.unit_cost, p.unit_price FROM product_texts t JOIN products p USING (product_id)$;
