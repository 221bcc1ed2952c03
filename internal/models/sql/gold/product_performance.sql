-- One row per product of dim_products.

with measured as (

    -- a product that never sold has one row here too, whose order is null: it counts as 0
    select
        products.product_id,
        products.product_name,
        products.category,
        [[ quantities ]]
    from {{ ref('dim_products') }} as products
    left join {{ ref('fact_sales') }} as lines
        on lines.product_id = products.product_id
    group by products.product_id, products.product_name, products.category

),

ranked as (

    -- the highest revenue first, ties by product_id
    select
        *,
        cast(row_number() over (order by revenue desc, product_id) as bigint) as revenue_rank,
        cast(row_number() over (partition by category order by revenue desc, product_id) as bigint) as category_rank,
        cast(sum(revenue) over () as decimal(28, 4)) as total_revenue,
        cast(sum(revenue) over (order by revenue desc, product_id rows unbounded preceding) as decimal(28, 4)) as running_revenue
    from measured

),

rated as (

    -- a product's class is decided by the share of the products before it, not rounded
    select
        *,
        [[ rates ]],
        case when total_revenue > 0 then {{ quotient('revenue', 'total_revenue', 6) }} end as revenue_share,
        case when total_revenue > 0 then {{ quotient('running_revenue', 'total_revenue', 6) }} end as cumulative_share,
        case
            when revenue <= 0 or total_revenue <= 0 then 'C'
            when (running_revenue - revenue) * 100 < total_revenue * 80 then 'A'
            when (running_revenue - revenue) * 100 < total_revenue * 95 then 'B'
            else 'C'
        end as abc_class
    from ranked

)

select
    [[ columns ]]
from rated
