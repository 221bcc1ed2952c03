-- One row per order line, and one per return; a return's revenue is negative.
[[- $numbered := maps "sales" "line_number" ]]
[[- $listed := .Mapping.Rules.ReturnedOrders ]]
[[- $status := "" ]][[ if maps "sales" "status" ]][[ $status = folded .Mapping.Rules.ReturnedStatuses ]][[ end ]]
[[- $dated := and .Mapping.Rules.ReturnedDated (maps "sales" "returned_at") ]]
[[- $mirrored := or $listed $status $dated ]]
[[- $knows := or $listed (maps "sales" "returned_at") ]]
[[- $lines := "usable" ]]
with

usable as (
    -- Of an order, lines replace and give back each other: where one is new, all are made anew.
    select * from {{ ref('int_sales_lines') }}
    where reason is null
    {{ incremental_filter() }}
),

[[ if $numbered -]]
ranked as (
    -- One number of an order, once as a sale and once as a return, is one line: the latest
    -- record of it, else the last. Lines without a number are all different ones.
    select
        *,
        row_number() over (
            partition by order_id, line_number, is_return
            order by updated_at desc nulls last, [[ newestFirst "sales" ]]
        ) as place
    from usable
),

lines as (
    select * from ranked
    where line_number is null or place = 1
),
[[- $lines = "lines" ]]

[[ end -]]
[[ if $listed -]]
listed as (
    -- Orders that came back, whole or one product of them. Of what is said of one twice, the last time counts.
    select
        {{ clean_text('order_id') }} as order_id,
        {{ clean_text('product_id') }} as product_id,
        returned_at,
        row_number() over (order by [[ recordOrder "returned_orders" ]]) as place
    from {{ ref('int_returned_orders') }}
),

listed_orders as (
    select order_id, max_by(returned_at, place) filter (where returned_at is not null) as returned_at
    from listed
    where product_id is null
    group by order_id
),

listed_products as (
    select order_id, product_id, max_by(returned_at, place) filter (where returned_at is not null) as returned_at
    from listed
    where product_id is not null
    group by order_id, product_id
),

[[ end -]]
[[ if $mirrored -]]
marked as (
    -- Sales that came back[[ if $knows ]], and when, where that is known and a valid day[[ end ]].
    select
        line.*,
        not line.is_return and (
            [[- $or := "" ]]
            [[- if $listed ]]
            listed_orders.order_id is not null
            or listed_products.order_id is not null[[ $or = "or " ]]
            [[- end ]]
            [[- if $status ]]
            [[ $or ]]coalesce({{ lower_case('line.status') }} in ([[ $status ]]), false)[[ $or = "or " ]]
            [[- end ]]
            [[- if $dated ]]
            [[ $or ]]line.returned_at is not null
            [[- end ]]
        ) as came_back,
        [[- if not $knows ]]
        line.ordered_at as came_back_at
        [[- else ]]
        coalesce(
            [[- if maps "sales" "returned_at" ]]
            case when {{ local_date('line.returned_at', "[[ zone ]]") }} between [[ validDays ]] then line.returned_at end,
            [[- end ]]
            [[- if $listed ]]
            case
                when {{ local_date('coalesce(listed_products.returned_at, listed_orders.returned_at)', "[[ zone ]]") }} between [[ validDays ]]
                    then coalesce(listed_products.returned_at, listed_orders.returned_at)
            end,
            [[- end ]]
            line.ordered_at
        ) as came_back_at
        [[- end ]]
    from [[ $lines ]] as line
    [[- if $listed ]]
    left join listed_orders on listed_orders.order_id = line.order_id
    left join listed_products
        on listed_products.order_id = line.order_id and listed_products.product_id = line.product_id
    [[- end ]]
),
[[- $lines = "marked" ]]

[[ end -]]
typed as (
    select
        *,
        case when is_return then 'return' else 'sale' end as line_type,
        ordered_at as happened_at
    from [[ $lines ]]
    [[- if $mirrored ]]

    union all

    -- The sale stays; its return is a row of its own.
    select
        *,
        'return' as line_type,
        came_back_at as happened_at
    from marked
    where came_back
    [[- end ]]
),

placed as (
    -- The country is the line's own, else the customer's; state and city are the
    -- customer's only where the country is.
    select
        line.*,
        coalesce(spelling.country, line.country, customer.country) as sold_to,
        case when line.country is null then customer.country_code else spelling.country_code end as country_code,
        coalesce(line.country is null or coalesce(spelling.country, line.country) = customer.country, false) as at_home,
        customer.state as customer_state,
        customer.city as customer_city
    from typed as line
    left join {{ ref('int_customers') }} as customer on customer.customer_id = line.customer_id
    left join {{ ref('country_spellings') }} as spelling
        on spelling.spelling_key = {{ country_key('line.country') }}
),

signed as (
    select
        *,
        case when line_type = 'return' and quantity > 0 then -quantity else quantity end as signed_quantity,
        cast(case line_type when 'return' then 0 else net end as decimal(18,4)) as sales,
        cast(case line_type when 'return' then net else 0 end as decimal(18,4)) as returns,
        case line_type when 'return' then -cost else cost end as signed_cost
    from placed
)

select
    order_id,
    line_number,
    line_type,
    happened_at as ordered_at,
    {{ local_date('happened_at', "[[ zone ]]") }} as order_date,
    customer_id,
    product_id,
    signed_quantity as quantity,
    unit_price,
    discount_amount,
    tax_amount,
    sales,
    returns,
    cast(sales - returns as decimal(18,4)) as revenue,
    signed_cost as cost,
    cast(sales - returns - signed_cost as decimal(18,4)) as margin,
    category,
    coalesce(sold_to, 'Unknown') as country,
    country_code,
    coalesce(state, case when at_home then customer_state end, 'Unknown') as state,
    coalesce(city, case when at_home then customer_city end) as city,
    channel,
    payment_method,
    currency,
    original_order_id,
    updated_at,
    _source_file,
    _source_row
from signed
