-- The products that files or sales lines describe, before inferred rows join them: what fact rows look up.
-- "Latest wins, inferred and derived rows as above (product_name from the sale line where mapped). […]
-- Category, subcategory and brand: one spelling per value, compared lower-cased and without white space over the rows
-- that won; the spelling kept is the most frequent, ties to the first in byte order."

CREATE TABLE work.known_products AS
WITH ranked AS (
    SELECT *, row_number() OVER (PARTITION BY product_id ORDER BY updated_at DESC NULLS LAST, record DESC) AS place
    FROM work.product_records
    WHERE product_id IS NOT NULL
),
from_files AS (
    SELECT * EXCLUDE (record, place), 'file' AS origin FROM ranked WHERE place = 1
),
line_values AS (
    SELECT s.product_id, s.record, s.updated_at,
           clean(a.product_name) AS product_name, clean(a.category) AS category,
           clean(a.subcategory) AS subcategory, clean(a.brand) AS brand,
           CASE WHEN a.unit_cost >= 0 THEN a.unit_cost END AS unit_cost,
           CASE WHEN a.unit_price >= 0 THEN a.unit_price END AS unit_price
    FROM work.sale_records s
    LEFT JOIN rules.product_attributes a USING (_source_file, _source_row)
    WHERE s.product_id IS NOT NULL
),
from_lines AS (
    SELECT product_id,
           last(product_name ORDER BY updated_at NULLS FIRST, record) FILTER (product_name IS NOT NULL) AS product_name,
           last(category ORDER BY updated_at NULLS FIRST, record) FILTER (category IS NOT NULL) AS category,
           last(subcategory ORDER BY updated_at NULLS FIRST, record) FILTER (subcategory IS NOT NULL) AS subcategory,
           last(brand ORDER BY updated_at NULLS FIRST, record) FILTER (brand IS NOT NULL) AS brand,
           last(unit_cost ORDER BY updated_at NULLS FIRST, record) FILTER (unit_cost IS NOT NULL) AS unit_cost,
           last(unit_price ORDER BY updated_at NULLS FIRST, record) FILTER (unit_price IS NOT NULL) AS unit_price,
           max(updated_at) AS updated_at,
           'line' AS origin
    FROM line_values
    GROUP BY product_id
),
described AS (
    SELECT * FROM from_files
    UNION ALL
    SELECT l.* REPLACE (CASE WHEN getvariable('products_have_files') THEN NULL ELSE l.updated_at END AS updated_at,
                        CASE WHEN getvariable('products_have_files') THEN 'inferred' ELSE 'line' END AS origin)
    FROM from_lines l
    WHERE NOT EXISTS (FROM from_files f WHERE f.product_id = l.product_id)
),
votes AS (
    SELECT kind, spelling_key(spelling) AS key, spelling, count(*) AS votes
    FROM (SELECT 'category' AS kind, category AS spelling FROM described
          UNION ALL SELECT 'subcategory', subcategory FROM described
          UNION ALL SELECT 'brand', brand FROM described)
    WHERE spelling IS NOT NULL
    GROUP BY kind, spelling
),
elected AS (
    SELECT kind, key, first(spelling ORDER BY votes DESC, spelling) AS spelling FROM votes GROUP BY kind, key
)
SELECT d.* REPLACE (coalesce(c.spelling, 'Uncategorized') AS category,   -- "'Uncategorized' when missing"
                    s.spelling AS subcategory,
                    b.spelling AS brand)
FROM described d
LEFT JOIN elected c ON c.kind = 'category' AND c.key = spelling_key(d.category)
LEFT JOIN elected s ON s.kind = 'subcategory' AND s.key = spelling_key(d.subcategory)
LEFT JOIN elected b ON b.kind = 'brand' AND b.key = spelling_key(d.brand);
