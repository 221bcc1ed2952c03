with

records as (
    -- Blanks around keys and values do not count.
    select
        [[ .Key ]] as key,
        [[- range .Columns ]]
        [[ .SQL ]] as [[ .Name ]],
        [[- end ]]
        _source_file,
        _source_row
    from {{ source('files', '[[ .Source ]]') }}
),

ranked as (
    select
        *,
        row_number() over (partition by key order by [[ .Newest ]]) as place
    from records
    where key <> ''
)

[[ if .Fill -]]
-- Of a repeated key, each column's last value that is given counts.
select
    key
    [[- range .Columns ]],
    min_by([[ .Name ]], place) filter (where [[ .Name ]] is not null) as [[ .Name ]]
    [[- end ]]
from ranked
group by key
[[- else -]]
-- Of a repeated key, the last record counts.
select
    key
    [[- range .Columns ]],
    [[ .Name ]]
    [[- end ]]
from ranked
where place = 1
[[- end ]]
