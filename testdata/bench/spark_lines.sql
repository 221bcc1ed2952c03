-- Used by spark_bench.py for the lines of the view $sales$; see spark_silver.sql for the marks.

-- Every line with its amounts and, where silver cannot use it, the reason. All joins are broadcast, so the order stays.
CREATE OR REPLACE TEMPORARY VIEW $name$ AS
WITH looked AS (
    SELECT /*+ BROADCAST(c, p, n, s, h, m, t, u) */ r.record, r._source_file, r._source_row, $clean:r.order_id$ AS order_id, r.line_number, r.ordered_at,
           r.ordered_at::DATE AS order_date, c.customer_id, p.product_id, r.quantity, abs(r.quantity)::DECIMAL(5, 0) AS units,
           coalesce(r.unit_price, p.unit_price)::DECIMAL(12, 4) AS unit_price, r.discount_rate AS rate, r.tax_amount, p.unit_cost::DECIMAL(12, 4) AS unit_cost,
           p.category, coalesce(n.country, c.country, 'Unknown') AS country,
           coalesce(s.clean, CASE WHEN n.country IS NULL OR n.country = c.country THEN c.state END, 'Unknown') AS state,
           CASE WHEN n.country IS NULL OR n.country = c.country THEN c.city END AS city, h.clean AS channel, m.clean AS payment_method,
           $clean:r.original_order_id$ AS original_order_id, r.updated_at,
           coalesce(r.quantity < 0, false) OR coalesce(lower(t.clean) = 'return', false) AS is_document,
           coalesce(lower(u.clean) IN ('returned', 'cancelled'), false) AS came_back
    FROM $sales$ r
    LEFT JOIN customer_lookup c ON c.text = r.customer_id
    LEFT JOIN product_lookup p ON p.text = r.product_id
    LEFT JOIN country_texts n ON n.text = r.country
    LEFT JOIN small_texts s ON s.text = r.state
    LEFT JOIN small_texts h ON h.text = r.channel
    LEFT JOIN small_texts m ON m.text = r.payment_method
    LEFT JOIN small_texts t ON t.text = r.line_type
    LEFT JOIN small_texts u ON u.text = r.status
)
SELECT *, units * unit_price AS gross,
       CASE WHEN rate IS NULL THEN (units * unit_price)::DECIMAL(18, 4)
            WHEN rate BETWEEN 0 AND 1 THEN ((units * unit_price)::DECIMAL(18, 4) * (1 - rate)::DECIMAL(7, 6))::DECIMAL(18, 4) END AS net,
       (units * unit_cost)::DECIMAL(18, 4) AS cost,
       CASE WHEN order_id IS NULL THEN 'missing_order_id'
            WHEN product_id IS NULL THEN 'missing_product_id'
            WHEN quantity IS NULL OR quantity = 0 THEN 'invalid_quantity'
            WHEN ordered_at IS NULL OR order_date NOT BETWEEN DATE '2020-01-01' AND DATE '2029-12-31' THEN 'invalid_date'
            WHEN unit_price IS NULL OR unit_price < 0 THEN 'invalid_unit_price'
            WHEN rate NOT BETWEEN 0 AND 1 THEN 'invalid_discount' END AS reason
FROM looked;
