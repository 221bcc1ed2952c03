-- One row per country, and one per country and state.

with measured as (

    select
        case when grouping(state) = 1 then 'country' else 'state' end as level,
        country,
        country_code,
        state,
        [[ quantities ]]
    from {{ ref('fact_sales') }}
    group by grouping sets ((country, country_code), (country, country_code, state))

),

ranked as (

    -- within each level the highest revenue first
    select
        *,
        cast(row_number() over (partition by level order by revenue desc, country, state) as bigint) as revenue_rank,
        cast(sum(revenue) over (partition by level) as decimal(28, 4)) as level_revenue
    from measured

),

rated as (

    select
        *,
        [[ rates ]],
        case when level_revenue > 0 then {{ quotient('revenue', 'level_revenue', 6) }} end as revenue_share
    from ranked

)

select
    [[ columns ]]
from rated
