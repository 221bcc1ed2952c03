with

[[ range $i, $l := .Lists -]]
[[ if $i ]],

[[ end -]]
[[ $l.Source ]] as (
    select
        [[ $l.Order ]] as order_id,
        [[ $l.Product ]] as product_id,
        [[ $l.Text ]] as returned_text,
        _source_file,
        _source_row
    from {{ source('files', '[[ $l.Source ]]') }}
),

[[ $l.Source ]]_clocks as (
    select
        *,
        [[ $l.Clock ]]
    from [[ $l.Source ]]
),

[[ $l.Source ]]_dated as (
    select
        order_id,
        product_id,
        returned_text,
        [[ $l.Moment ]] as returned_at,
        _source_file,
        _source_row
    from [[ $l.Source ]]_clocks
    where order_id is not null
)
[[- end ]]

-- A time that cannot be read would make a return of another day: it stops the build.
[[- range $i, $l := .Lists ]]
[[- if $i ]]

union all
[[ end ]]
select
    order_id,
    product_id,
    case
        when returned_at is null and returned_text is not null then [[ $.Fail ]]('returned_at is not a date: ' || returned_text)
        else returned_at
    end as returned_at,
    _source_file,
    _source_row
from [[ $l.Source ]]_dated
[[- end ]]
