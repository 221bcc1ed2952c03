-- "silver.fact_sales — one row per order line, and one per return."

CREATE TABLE work.counted_elsewhere AS
-- "An equal line that several files [of a source with overlap: max] carry counts as often as the file that has it most
-- often": the first such file keeps its lines. Equal is bronze, provenance apart; unusable lines take no part.
WITH exported AS (
    SELECT l.record, f.overlap, f.number, b.* EXCLUDE (_source_file, _source_row, _batch_id)
    FROM work.lines l
    JOIN rules.source_files f ON f.table_name = 'sales' AND f.file = l._source_file AND f.overlap IS NOT NULL
    JOIN bronze.sales b ON b._source_file = l._source_file AND b._source_row = l._source_row
    WHERE l.reason IS NULL
),
whole AS (SELECT record, number, row(*COLUMNS(* EXCLUDE (record, number))) AS line FROM exported),
files AS (SELECT line, number, count(*) AS lines, list(record) AS records FROM whole GROUP BY line, number)
SELECT unnest(records) AS record FROM files
QUALIFY row_number() OVER (PARTITION BY line ORDER BY lines DESC, number) > 1;

CREATE TABLE work.kept_lines AS
-- "Duplicates: the same (order_id, line_number, return document or not) keeps the latest updated_at (NULL lowest),
-- else the last, where line_number is given; before mirroring. Without line numbers equal lines are real lines and stay."
SELECT * FROM work.lines
WHERE reason IS NULL AND record NOT IN (SELECT record FROM work.counted_elsewhere)
QUALIFY line_number IS NULL
     OR row_number() OVER (PARTITION BY order_id, line_number, is_return_document
                           ORDER BY updated_at DESC NULLS LAST, record DESC) = 1;

CREATE TABLE silver.fact_sales AS
WITH lists AS (
    -- Where several entries name a line, the one with the product counts before the whole order's, then the last.
    SELECT l.record, last(o.returned_at ORDER BY o.product_id IS NOT NULL, o.number) AS listed_at
    FROM work.kept_lines l
    JOIN (SELECT number, clean(order_id) AS order_id, clean(product_id) AS product_id, returned_at
          FROM rules.returned_orders) o
      ON o.order_id = l.order_id AND (o.product_id IS NULL OR o.product_id = l.product_id)
    GROUP BY l.record
),
marked AS (
    -- "A returned sale is an ordinary line whose status is among the configured returned statuses, or whose order (or
    -- order and product) a list of returned orders names."
    SELECT l.*, o.listed_at,
           NOT l.is_return_document
           AND (o.record IS NOT NULL
                OR coalesce(lower(l.status) IN (SELECT lower(clean(value)) FROM rules.returned_statuses), false))
           AS is_returned
    FROM work.kept_lines l
    LEFT JOIN lists o USING (record)
),
typed AS (
    -- "A return document […] becomes one return row."
    SELECT *, CASE WHEN is_return_document THEN 'return' ELSE 'sale' END AS type, ordered_at AS dated_at FROM marked
    UNION ALL
    -- "A returned sale keeps its sale row and gets one mirrored return row: the same keys and amounts, ordered_at =
    -- returned_at where given" (and inside the valid range), else the list's.
    SELECT *, 'return',
           coalesce(CASE WHEN local_date(returned_at) BETWEEN getvariable('date_from') AND getvariable('date_to')
                         THEN returned_at END,
                    listed_at, ordered_at)
    FROM marked
    WHERE is_returned
),
placed AS (
    -- "Country: the line's own, else the customer's. State and city: the line's own; the customer's only where the
    -- line has no country or the same one. Countries are standardised as in dim_customers."
    SELECT t.* REPLACE (
               coalesce(n.country, c.country) AS country,
               coalesce(t.state, CASE WHEN n.country IS NULL OR n.country = c.country THEN c.state END) AS state,
               coalesce(t.city, CASE WHEN n.country IS NULL OR n.country = c.country THEN c.city END) AS city),
           CASE WHEN n.country IS NOT NULL THEN n.country_code ELSE c.country_code END AS country_code
    FROM typed t
    LEFT JOIN work.countries n ON n.spelling = t.country
    LEFT JOIN work.known_customers c ON c.customer_id = t.customer_id
),
signed AS (
    -- "quantity int64 (signed: negative on a return)"; "sales (≥ 0; 0 on a return)"; "returns (≥ 0; 0 on a sale)".
    SELECT *, CASE type WHEN 'return' THEN -1 ELSE 1 END::HUGEINT AS sign,
           CASE type WHEN 'return' THEN 0 ELSE net END AS sold,
           CASE type WHEN 'return' THEN net ELSE 0 END AS given_back
    FROM placed
)
SELECT s.order_id, s.line_number, s.type AS line_type, s.dated_at AS ordered_at, local_date(s.dated_at) AS order_date,
       s.customer_id, s.product_id, (s.sign * s.units)::BIGINT AS quantity, price(s.price) AS unit_price,
       price(s.net_discount) AS discount_amount, s.tax_amount, price(s.sold) AS sales, price(s.given_back) AS returns,
       price(s.sold - s.given_back) AS revenue,               -- "revenue = sales − returns"
       price(s.sign * s.cost) AS cost,                        -- "cost = quantity × dim_products.unit_cost"
       price(s.sold - s.given_back - s.sign * s.cost) AS margin,  -- "margin = revenue − cost"
       coalesce(p.category, 'Uncategorized') AS category,
       coalesce(s.country, 'Unknown') AS country, s.country_code, coalesce(s.state, 'Unknown') AS state, s.city,
       s.channel, s.payment_method, s.currency, s.original_order_id, s.updated_at, s._source_file, s._source_row
FROM signed s
LEFT JOIN work.known_products p USING (product_id)
ORDER BY s.record, s.type;
