-- One row per customer with at least one sale.

with buyers as (

    select
        customers.customer_id,
        {{ days_between('customers.last_order_date', 'reference.reference_date') }} as recency_days,
        customers.orders as frequency,
        customers.[[ .Monetary ]] as monetary
    from {{ ref('customer_metrics') }} as customers
    cross join {{ ref('int_reference_date') }} as reference
    where customers.orders > 0

),
[[ range .Scores ]][[ if .Quantile ]]
[[ .Value ]]_sorted as (

    select
        [[ .Value ]] as value,
        row_number() over (order by [[ .Value ]]) - 1 as place,
        count(*) over () - 1 as last_place
    from buyers

),

[[ .Value ]]_cuts as (

    -- five times the quantiles of type 7, which is exact: the quantile at 20 % lies at last_place / 5,
    -- and each of the two places beside it counts by how near it is
    select
        sum(value * greatest(0, 5 - abs(5 * place - last_place))) as cut_20,
        sum(value * greatest(0, 5 - abs(5 * place - last_place * 2))) as cut_40,
        sum(value * greatest(0, 5 - abs(5 * place - last_place * 3))) as cut_60,
        sum(value * greatest(0, 5 - abs(5 * place - last_place * 4))) as cut_80
    from [[ .Value ]]_sorted

),
[[ end ]][[ end ]]
scored as (

    -- 5 is best; ties go by customer_id in byte order, which a collation on that column would change
    select
        buyers.*,
[[- range $i, $s := .Scores ]][[ if $i ]],[[ end ]]
[[- if .Quantile ]]
        case
            when 5 * buyers.[[ .Value ]] > [[ .Value ]]_cuts.cut_80 then [[ if .Descending ]]1[[ else ]]5[[ end ]]
            when 5 * buyers.[[ .Value ]] > [[ .Value ]]_cuts.cut_60 then [[ if .Descending ]]2[[ else ]]4[[ end ]]
            when 5 * buyers.[[ .Value ]] > [[ .Value ]]_cuts.cut_40 then 3
            when 5 * buyers.[[ .Value ]] > [[ .Value ]]_cuts.cut_20 then [[ if .Descending ]]4[[ else ]]2[[ end ]]
            else [[ if .Descending ]]5[[ else ]]1[[ end ]]
        end as [[ .Name ]]
[[- else ]]
        cast(ntile(5) over (order by [[ .Value ]][[ if .Descending ]] desc[[ end ]], customer_id) as int) as [[ .Name ]]
[[- end ]][[ end ]]
    from buyers
[[- range .Scores ]][[ if .Quantile ]]
    cross join [[ .Value ]]_cuts
[[- end ]][[ end ]]

),

named as (

    -- the segment of the recency × frequency grid
    select
        scored.*,
        concat(scored.r_score, scored.f_score, scored.m_score) as rfm,
        scored.r_score + scored.f_score + scored.m_score as rfm_total,
        grid.segment
    from scored
    inner join {{ ref('rfm_segments') }} as grid
        on cast(grid.r_score as int) = scored.r_score
        and cast(grid.f_score as int) = scored.f_score

)

select
    [[ columns ]]
from named
