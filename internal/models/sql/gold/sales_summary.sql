-- One row per day, week, month, quarter and year between the first and the newest order.

with grains as (

    select grain
    from (values ('day'), ('week'), ('month'), ('quarter'), ('year')) as names (grain)

),

bounds as (

    select
        min(order_date) as first_date,
        max(order_date) as newest_date
    from {{ ref('fact_sales') }}

),

days as (

    select {{ each_day('first_date', 'newest_date') }} as calendar_day
    from bounds

),

calendar as (

    -- a period for every day, also one without orders; a week begins on Monday
    select distinct
        grains.grain,
        cast(date_trunc(grains.grain, days.calendar_day) as date) as period_start
    from days
    cross join grains

),

first_sales as (

    select
        customer_id,
        min(order_date) as first_sale_date
    from {{ ref('fact_sales') }}
    where line_type = 'sale'
    group by customer_id

),

dated as (

    -- each line once for every grain, with the day on which its customer was new
    select
        grains.grain,
        cast(date_trunc(grains.grain, lines.order_date) as date) as period_start,
        first_sales.first_sale_date,
        lines.*
    from {{ ref('fact_sales') }} as lines
    cross join grains
    left join first_sales
        on first_sales.customer_id = lines.customer_id

),

measured as (

    -- a period without lines has one row here too, whose order is null: it counts as 0
    select
        calendar.grain,
        calendar.period_start,
        [[ quantities ]]
    from calendar
    left join dated
        on dated.grain = calendar.grain
        and dated.period_start = calendar.period_start
    group by calendar.grain, calendar.period_start

),

compared as (

    -- the calendar has no gaps, so a year ago is a number of rows before
    select
        *,
        lag(revenue) over periods as previous_revenue,
        case grain
            when 'day' then lag(revenue, 364) over periods
            when 'week' then lag(revenue, 52) over periods
            when 'month' then lag(revenue, 12) over periods
            when 'quarter' then lag(revenue, 4) over periods
            when 'year' then lag(revenue, 1) over periods
        end as revenue_year_ago,
        case when grain = 'day' and count(*) over last_7 = 7
            then cast(sum(revenue) over last_7 as decimal(28, 4))
        end as revenue_7d,
        case when grain = 'day' and count(*) over last_28 = 28
            then cast(sum(revenue) over last_28 as decimal(28, 4))
        end as revenue_28d
    from measured
    window
        periods as (partition by grain order by period_start),
        last_7 as (partition by grain order by period_start rows between 6 preceding and current row),
        last_28 as (partition by grain order by period_start rows between 27 preceding and current row)

),

rated as (

    -- a period is complete unless it begins before the first order, or the day after the newest is in it too
    select
        *,
        period_start >= first_date
            and period_start < cast(date_trunc(grain, newest_date + 1) as date) as is_complete,
        [[ rates ]],
        case when previous_revenue > 0
            then {{ quotient('revenue - previous_revenue', 'previous_revenue', 6) }}
        end as growth,
        case when revenue_year_ago > 0
            then {{ quotient('revenue - revenue_year_ago', 'revenue_year_ago', 6) }}
        end as yoy_growth
    from compared
    cross join bounds

)

select
    [[ columns ]]
from rated
