-- "gold.customer_segmentation — one row per customer with at least one sale row."

CREATE TABLE gold.customer_segmentation AS
WITH buyers AS (
    -- "recency_days (reference_date − last_order_date), frequency (orders), monetary (revenue)";
    -- "monetary may be set to another measure (sales)".
    SELECT customer_id, reference_date - last_order_date AS recency_days, orders AS frequency,
           CASE getvariable('rfm_measure')
               WHEN 'revenue' THEN revenue WHEN 'sales' THEN sales WHEN 'returns' THEN returns
               WHEN 'discounts' THEN discounts WHEN 'cost' THEN cost WHEN 'margin' THEN margin
               ELSE error('no such measure: ' || getvariable('rfm_measure')) END AS monetary
    FROM gold.customer_metrics
    CROSS JOIN work.reference
    WHERE orders > 0
),
measured AS (
    SELECT *, recency_days::HUGEINT AS r, frequency::HUGEINT AS f, raw4(monetary) AS m FROM buyers
),
-- "ntile (default) is NTILE(5) over (recency_days descending | frequency | monetary ascending, then customer_id
-- ascending in byte order)".
tiles AS (
    SELECT *, ntile(5) OVER (ORDER BY r DESC, customer_id) AS r_tile,
              ntile(5) OVER (ORDER BY f, customer_id) AS f_tile,
              ntile(5) OVER (ORDER BY m, customer_id) AS m_tile
    FROM measured
),
-- Type-7 quantile at p of n sorted values x₀…: with h = (n − 1)·p, it is x⌊h⌋ + (h − ⌊h⌋)·(x⌊h⌋₊₁ − x⌊h⌋). Five times
-- the quantile at k/5 is a whole number: (5 − rest)·x⌊h⌋ + rest·x⌊h⌋₊₁ with rest = (n − 1)·k mod 5.
sorted AS (
    SELECT count(*) AS n, list_sort(list(r)) AS r, list_sort(list(f)) AS f, list_sort(list(m)) AS m FROM measured
),
places AS (
    SELECT k, (n - 1) * k // 5 AS i, (n - 1) * k % 5 AS rest, r, f, m FROM sorted, unnest([1, 2, 3, 4]) AS t(k) WHERE n > 0
),
quantiles AS (
    SELECT k,
           (5 - rest) * r[i + 1] + CASE WHEN rest > 0 THEN rest * r[i + 2] ELSE 0 END AS r5,
           (5 - rest) * f[i + 1] + CASE WHEN rest > 0 THEN rest * f[i + 2] ELSE 0 END AS f5,
           (5 - rest) * m[i + 1] + CASE WHEN rest > 0 THEN rest * m[i + 2] ELSE 0 END AS m5
    FROM places
),
cuts AS (
    SELECT list(r5) AS r5, list(f5) AS f5, list(m5) AS m5 FROM quantiles
),
-- "quantile lets equal values share a score: 1 + the number of type-7 quantiles at 20/40/60/80 % that lie strictly
-- below the value, for recency 6 − that."
scored AS (
    SELECT t.*,
           CASE getvariable('rfm_recency') WHEN 'ntile' THEN r_tile
                ELSE 5 - len(list_filter(c.r5, lambda q: q < 5 * r)) END::INTEGER AS r_score,
           CASE getvariable('rfm_frequency') WHEN 'ntile' THEN f_tile
                ELSE 1 + len(list_filter(c.f5, lambda q: q < 5 * f)) END::INTEGER AS f_score,
           CASE getvariable('rfm_monetary') WHEN 'ntile' THEN m_tile
                ELSE 1 + len(list_filter(c.m5, lambda q: q < 5 * m)) END::INTEGER AS m_score
    FROM tiles t
    CROSS JOIN cuts c
)
SELECT customer_id, recency_days, frequency, monetary, r_score, f_score, m_score,
       r_score || '' || f_score || '' || m_score AS rfm, r_score + f_score + m_score AS rfm_total,
       g.segment                                              -- "Segments: the R × F grid"
FROM scored s
LEFT JOIN rules.segment_grid g ON g.r = s.r_score AND g.f = s.f_score
ORDER BY customer_id;
