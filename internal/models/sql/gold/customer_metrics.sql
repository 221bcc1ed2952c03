-- One row per customer of dim_customers.

with measured as (

    -- a customer who never bought has one row here too, whose order is null: it counts as 0
    select
        customers.customer_id,
        [[ quantities ]]
    from {{ ref('dim_customers') }} as customers
    left join {{ ref('fact_sales') }} as lines
        on lines.customer_id = customers.customer_id
    group by customers.customer_id

),

aged as (

    select
        measured.*,
        {{ days_between('first_order_date', 'last_order_date') }} as lifespan_days,
        {{ days_between('first_order_date', 'reference_date') }} as tenure_days
    from measured
    cross join {{ ref('int_reference_date') }} as reference

),

rated as (

    select
        *,
        [[ rates ]],
        {{ quotient('lifespan_days', 'sale_dates - 1', 4) }} as avg_days_between_orders
    from aged

)

select
    [[ columns ]]
from rated
