-- Every sales record with its amounts and, where silver cannot use it, the reason.

CREATE TABLE work.lines AS
WITH kinds AS (
    -- "A return document is a line with a line_type among the configured return values (case-insensitive), a quantity
    -- or line_amount < 0, the configured return prefix on its order_id, or from a source of kind `returns`. […]
    -- Without an order id (returns source only) its order_id is `return-<_source_file>-<_source_row>`."
    SELECT s.* REPLACE (
               coalesce(order_id, CASE WHEN is_returns THEN 'return-' || _source_file || '-' || _source_row END) AS order_id),
           is_returns
           OR coalesce(lower(line_type) IN (SELECT lower(clean(value)) FROM rules.return_values), false)
           OR coalesce(quantity < 0, false)
           OR coalesce(line_amount < 0, false)
           OR coalesce(getvariable('return_prefix') <> '' AND starts_with(s.order_id, getvariable('return_prefix')), false)
           AS is_return_document
    FROM work.sale_records s
),
dated AS (
    -- A return document's ordered_at is its own, else its returned_at.
    SELECT * REPLACE (CASE WHEN is_return_document THEN coalesce(ordered_at, returned_at) ELSE ordered_at END AS ordered_at)
    FROM kinds
),
numbers AS (
    SELECT d.*,
           abs(d.quantity::HUGEINT) AS units,
           raw4(d.unit_price) AS own_price,
           abs(raw4(d.line_amount)) AS amount,
           coalesce(raw6(d.discount_rate), 0::HUGEINT) AS rate,
           coalesce(raw4(d.discount_amount), 0::HUGEINT) AS discount,
           raw4(p.unit_price) AS product_price,
           raw4(p.unit_cost) AS unit_cost
    FROM dated d
    LEFT JOIN work.known_products p USING (product_id)
),
prices AS (
    -- "unit_price: the line's own; else from line_amount round(net / (|quantity| × (1 − discount_rate)), 4),
    -- 0 at rate 1; else dim_products.unit_price."
    SELECT *, CASE WHEN own_price IS NOT NULL THEN own_price
                   WHEN amount IS NOT NULL AND units = 0 THEN NULL
                   WHEN amount IS NOT NULL AND rate = 1000000 THEN 0::HUGEINT
                   WHEN amount IS NOT NULL THEN quotient(amount * 1000000, units * (1000000 - rate), 1)
                   ELSE product_price END AS price
    FROM numbers
),
nets AS (
    -- "net: with line_amount, |line_amount|; else round(|quantity| × unit_price × (1 − discount_rate) −
    -- discount_amount, 4), both discounts defaulting to 0." A gross amount of 10^31 or more would not fit the product
    -- in 128 bits; no such line fits a price either, so any value over the limit does (at rate 1 the discount is all).
    SELECT *, units * price AS gross,
           CASE WHEN amount IS NOT NULL THEN amount
                WHEN price < 0 OR rate NOT BETWEEN 0 AND 1000000 THEN NULL
                WHEN units * price < 10000000000000000000000000000000
                THEN quotient(units * price * (1000000 - rate) - discount * 1000000, 1000000, 1)
                WHEN rate = 1000000 THEN -discount
                ELSE 1000000000000000000000000000000 END AS net
    FROM prices
),
amounts AS (
    -- "Fact's discount_amount = max(0, round(|quantity| × unit_price − net, 4))"; "cost = quantity × unit_cost".
    SELECT *, greatest(0::HUGEINT, gross - net) AS net_discount,
           units * unit_cost AS cost,
           local_date(ordered_at) AS order_date
    FROM nets
)
SELECT *,
       -- "The first reason in this order counts."
       CASE WHEN order_id IS NULL THEN 'missing_order_id'
            WHEN product_id IS NULL THEN 'missing_product_id'
            WHEN coalesce(quantity, 0) = 0 THEN 'invalid_quantity'
            WHEN ordered_at IS NULL
                 OR order_date NOT BETWEEN getvariable('date_from') AND getvariable('date_to') THEN 'invalid_date'
            WHEN price IS NULL OR price < 0 THEN 'invalid_unit_price'
            WHEN rate NOT BETWEEN 0 AND 1000000 OR discount < 0 OR net < 0 THEN 'invalid_discount'
            WHEN greatest(price, net, net_discount, coalesce(cost, 0)) > 999999999999999999 THEN 'amount_overflow'
            WHEN currency <> getvariable('currency') THEN 'foreign_currency'
       END AS reason
FROM amounts;
