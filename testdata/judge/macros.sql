-- Exact arithmetic and text rules that every other file uses (TABLES.md, "Types and arithmetic" and "Silver").
-- Amounts are computed as whole numbers of 1/10000 ("raw4") or 1/1000000 ("raw6") in HUGEINT.

CREATE MACRO raw4(amount) AS (amount::DECIMAL(38, 4) * 10000)::HUGEINT;
CREATE MACRO raw6(rate) AS (rate::DECIMAL(38, 6) * 1000000)::HUGEINT;

-- "Quotients are exact: round(a / b, k) = sign × floor((2·|a|·10^k + |b|) / (2·|b|)). A denominator of 0 gives NULL."
-- `scale` is 10^k; `//` on HUGEINT is whole-number division.
CREATE MACRO quotient(a, b, scale) AS
    CASE WHEN b = 0 THEN NULL
         ELSE sign(a)::HUGEINT * sign(b)::HUGEINT
              * ((2 * abs(a::HUGEINT) * scale::HUGEINT + abs(b::HUGEINT)) // (2 * abs(b::HUGEINT)))
    END;

-- Whole numbers back to the decimal types. "A ratio beyond its type is NULL"; an amount beyond it is an error.
CREATE MACRO price(raw) AS (raw::DECIMAL(38, 0) * 0.0001)::DECIMAL(18, 4);
CREATE MACRO ratio(raw) AS
    CASE WHEN abs(raw) <= 999999999999999999 THEN (raw::DECIMAL(38, 0) * 0.000001)::DECIMAL(18, 6) END;
CREATE MACRO average(raw) AS CASE WHEN abs(raw) <= 999999999999999999 THEN price(raw) END;

-- "Unicode NFC, trimmed, inner runs of white space folded to one space, empty → NULL."
-- White space is Unicode's White_Space property.
CREATE MACRO clean(s) AS nullif(trim(regexp_replace(nfc_normalize(s),
    '[\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+', ' ', 'g')), '');

-- "Compared lower-cased and without white space." For cleaned text.
CREATE MACRO spelling_key(s) AS lower(replace(s, ' ', ''));

-- Spellings of a country are compared without case, accents and dots; typographic apostrophes count as plain ones.
CREATE MACRO country_key(s) AS
    trim(regexp_replace(replace(replace(lower(strip_accents(s)), '’', ''''), '.', ''), ' +', ' ', 'g'));

-- "order_date date (ordered_at in the top-level `timezone`)."
CREATE MACRO local_date(moment) AS timezone(getvariable('timezone'), moment)::DATE;

-- One place in the order of records: "sources as smelt.yml lists them, files as listed, rows as they stand".
CREATE MACRO record_number(file_number, source_row) AS file_number::BIGINT * 1000000000000 + source_row;
