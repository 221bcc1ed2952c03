-- Every sales record with clean texts and what it comes to. reason says why silver
-- cannot use it, else it is null.
with

[[ $amount := maps "sales" "line_amount" -]]
[[ $rate := maps "sales" "discount_rate" -]]
[[ $discount := maps "sales" "discount_amount" -]]
[[ $net := "gross" -]]
[[ if $rate ]][[ $net = "gross * kept" ]][[ end -]]
[[ if $discount ]][[ $net = printf "%s - discount_amount" $net ]][[ end -]]
[[ if $rate ]][[ $net = printf "round(%s, 4)" $net ]][[ end -]]

cleaned as (
    select
        [[ text "sales" "order_id" ]],
        line_number,
        [[- if maps "sales" "line_type" ]]
        [[ text "sales" "line_type" ]],
        [[- end ]]
        [[- if maps "sales" "status" ]]
        [[ text "sales" "status" ]],
        [[- end ]]
        ordered_at,
        returned_at,
        [[ text "sales" "customer_id" ]],
        [[ text "sales" "product_id" ]],
        quantity,
        -- wide enough for the product with any price
        abs(cast(quantity as decimal(19,0))) as units,
        unit_price,
        [[- if $amount ]]
        line_amount,
        [[- end ]]
        [[- if $rate ]]
        coalesce(discount_rate, 0) as discount_rate,
        [[- end ]]
        [[- if $discount ]]
        coalesce(discount_amount, 0) as discount_amount,
        [[- end ]]
        tax_amount,
        [[ text "sales" "currency" ]],
        [[ text "sales" "channel" ]],
        [[ text "sales" "payment_method" ]],
        [[ text "sales" "city" ]],
        [[ text "sales" "state" ]],
        [[ text "sales" "country" ]],
        [[ text "sales" "original_order_id" ]],
        updated_at,
        _source_file,
        _source_row
        [[- with returnsSources ]],
        [[ . ]] as from_returns
        [[- end ]]
    from {{ ref('sales') }} as sales
    {{ incremental_filter() }}
),

documents as (
    -- A return document gives goods back: it says so itself, or by a negative number.
    select
        *,
        [[- with folded .Mapping.Rules.ReturnValues ]][[ if maps "sales" "line_type" ]]
        coalesce({{ lower_case('line_type') }} in ([[ . ]]), false) or
        [[- end ]][[ end ]]
        [[- if $amount ]]
        coalesce(line_amount < 0, false) or
        [[- end ]]
        [[- with clean .Mapping.Rules.ReturnPrefix ]]
        coalesce(left(order_id, [[ length . ]]) = [[ quoted . ]], false) or
        [[- end ]]
        [[- if returnsSources ]]
        from_returns or
        [[- end ]]
        coalesce(quantity < 0, false) as is_return
    from cleaned
),

dated as (
    -- A return that does not say when it was ordered has the time that it came back.
    select
        *,
        case when is_return then coalesce(ordered_at, returned_at) else ordered_at end as happened_at
        [[- if $rate ]],
        -- what a discount leaves of 1
        case when discount_rate between 0 and 1 then cast(1 - discount_rate as decimal(7,6)) end as kept
        [[- end ]]
    from documents
),

priced as (
    -- The unit price: the line's own, else [[ if $amount ]]what its amount comes to for one unit, else [[ end ]]the product's.
    select
        line.*,
        {{ local_date('line.happened_at', "[[ zone ]]") }} as order_date,
        coalesce(product.category, 'Uncategorized') as category,
        product.unit_cost,
        [[- if $amount ]]
        case
            when line.unit_price is not null then line.unit_price
            when line.line_amount is null then product.unit_price
            [[- if $rate ]]
            when line.discount_rate = 1 then 0
            -- a price that does not fit is one that is too high, or below 0
            else coalesce(
                {{ quotient('abs(line.line_amount)', 'line.units * (1 - line.discount_rate)', 4) }},
                case when line.units = 0 then null when line.discount_rate < 1 then 100000000000000 else -1 end
            )
            [[- else ]]
            else {{ quotient('abs(line.line_amount)', 'line.units', 4) }}
            [[- end ]]
        end as price
        [[- else ]]
        coalesce(line.unit_price, product.unit_price) as price
        [[- end ]]
    from dated as line
    left join {{ ref('int_products') }} as product on product.product_id = line.product_id
),

grossed as (
    -- From 10^21 no discount leads back to an amount that fits: there it stops, so that decimals hold what follows.
    select
        *,
        case
            when price >= 0 then cast(least(units * price, cast(1000000000000000000000 as decimal(28,4))) as decimal(28,4))
        end as gross
    from priced
),

netted as (
    -- Net of discounts[[ if $amount ]]: as given, else computed[[ end ]]. Rounded once, half away from zero.
    select
        *,
        [[- if $amount ]]
        case
            when line_amount is not null then abs(line_amount)
            else [[ $net ]]
        end as net
        [[- else ]]
        [[ $net ]] as net
        [[- end ]],
        units * unit_cost as cost
    from grossed
),

judged as (
    -- The first reason counts.
    select
        *,
        greatest(gross - net, 0) as discount,
        case
            when order_id is null[[ if returnsSources ]] and not from_returns[[ end ]] then 'missing_order_id'
            when product_id is null then 'missing_product_id'
            when coalesce(quantity, 0) = 0 then 'invalid_quantity'
            when happened_at is null or order_date not between date '[[ .Mapping.Rules.DateFrom ]]' and date '[[ .Mapping.Rules.DateTo ]]' then 'invalid_date'
            when price is null or price < 0 then 'invalid_unit_price'
            when net < 0
                [[- if $rate ]] or kept is null[[ end ]]
                [[- if $discount ]] or discount_amount < 0[[ end ]] then 'invalid_discount'
            when greatest(price, net, gross - net, coalesce(cost, 0)) > 99999999999999.9999 then 'amount_overflow'
            [[- with clean .Mapping.Rules.Currency ]]
            when currency <> [[ quoted . ]] then 'foreign_currency'
            [[- end ]]
        end as reason
    from netted
)

-- Amounts that no column holds are those of records with a reason.
select
    reason,
    [[- if returnsSources ]]
    coalesce(order_id, concat('return-', _source_file, '-', _source_row)) as order_id,
    [[- else ]]
    order_id,
    [[- end ]]
    line_number,
    is_return,
    [[- if maps "sales" "status" ]]
    status,
    [[- end ]]
    happened_at as ordered_at,
    order_date,
    returned_at,
    customer_id,
    product_id,
    quantity,
    try_cast(price as decimal(18,4)) as unit_price,
    try_cast(discount as decimal(18,4)) as discount_amount,
    tax_amount,
    try_cast(net as decimal(18,4)) as net,
    try_cast(cost as decimal(18,4)) as cost,
    category,
    country,
    state,
    city,
    channel,
    payment_method,
    currency,
    original_order_id,
    updated_at,
    _source_file,
    _source_row
from judged
