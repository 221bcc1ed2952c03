-- The customers that files or sales lines describe, before inferred rows join them: what fact rows look up.
-- "Latest wins: highest updated_at, then signup_date (NULL lowest), then last. […] Where customers are derived from
-- the sales lines they are not inferred, and each column takes its latest non-NULL value."

CREATE TABLE work.known_customers AS
WITH ranked AS (
    SELECT *, row_number() OVER (PARTITION BY customer_id
        ORDER BY updated_at DESC NULLS LAST, signup_date DESC NULLS LAST, record DESC) AS place
    FROM work.customer_records
    WHERE customer_id IS NOT NULL
),
from_files AS (
    SELECT * EXCLUDE (record, place), 'file' AS origin FROM ranked WHERE place = 1
),
-- What the sales lines say of a customer, where smelt.yml maps such attributes on them.
line_values AS (
    SELECT s.customer_id, s.record, s.updated_at,
           clean(a.first_name) AS first_name, clean(a.last_name) AS last_name, clean(a.full_name) AS full_name,
           clean(a.email) AS email, clean(a.phone) AS phone, clean(a.gender) AS gender,
           clean(a.address) AS address, clean(a.city) AS city, clean(a.state) AS state,
           clean(a.postal_code) AS postal_code, clean(a.country) AS country, clean(a.segment) AS segment
    FROM work.sale_records s
    LEFT JOIN rules.customer_attributes a USING (_source_file, _source_row)
    WHERE s.customer_id IS NOT NULL
),
from_lines AS (
    SELECT customer_id,
           last(first_name ORDER BY updated_at NULLS FIRST, record) FILTER (first_name IS NOT NULL) AS first_name,
           last(last_name ORDER BY updated_at NULLS FIRST, record) FILTER (last_name IS NOT NULL) AS last_name,
           last(full_name ORDER BY updated_at NULLS FIRST, record) FILTER (full_name IS NOT NULL) AS full_name,
           last(email ORDER BY updated_at NULLS FIRST, record) FILTER (email IS NOT NULL) AS email,
           last(phone ORDER BY updated_at NULLS FIRST, record) FILTER (phone IS NOT NULL) AS phone,
           last(gender ORDER BY updated_at NULLS FIRST, record) FILTER (gender IS NOT NULL) AS gender,
           NULL::DATE AS birth_date,
           last(address ORDER BY updated_at NULLS FIRST, record) FILTER (address IS NOT NULL) AS address,
           last(city ORDER BY updated_at NULLS FIRST, record) FILTER (city IS NOT NULL) AS city,
           last(state ORDER BY updated_at NULLS FIRST, record) FILTER (state IS NOT NULL) AS state,
           last(postal_code ORDER BY updated_at NULLS FIRST, record) FILTER (postal_code IS NOT NULL) AS postal_code,
           last(country ORDER BY updated_at NULLS FIRST, record) FILTER (country IS NOT NULL) AS country,
           last(segment ORDER BY updated_at NULLS FIRST, record) FILTER (segment IS NOT NULL) AS segment,
           NULL::DATE AS signup_date,
           max(updated_at) AS updated_at,
           'line' AS origin
    FROM line_values
    GROUP BY customer_id
),
-- Lines describe a customer only where no file does: all of them without a customers file (origin 'line'), else the
-- keys that the files lack, which become rows only once a fact row names them (origin 'inferred').
described AS (
    SELECT * FROM from_files
    UNION ALL
    SELECT l.* REPLACE (CASE WHEN getvariable('customers_have_files') THEN NULL ELSE l.updated_at END AS updated_at,
                        CASE WHEN getvariable('customers_have_files') THEN 'inferred' ELSE 'line' END AS origin)
    FROM from_lines l
    WHERE NOT EXISTS (FROM from_files f WHERE f.customer_id = l.customer_id)
)
SELECT d.* EXCLUDE (country, full_name, email, phone),
       -- "full_name (given, else first + ' ' + last)"
       coalesce(full_name, nullif(concat_ws(' ', first_name, last_name), '')) AS full_name,
       -- "email (lower-case; NULL unless it matches …)"
       CASE WHEN regexp_matches(lower(email), '^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$') THEN lower(email) END AS email,
       -- "phone (ASCII digits, a leading `+` kept; no digits → NULL)"
       CASE WHEN regexp_matches(phone, '[0-9]')
            THEN CASE WHEN starts_with(phone, '+') THEN '+' ELSE '' END || regexp_replace(phone, '[^0-9]', '', 'g')
       END AS phone,
       c.country, c.country_code
FROM described d
LEFT JOIN work.countries c ON c.spelling = d.country;
