select
    [[- range .Columns ]]
    [[ . ]],
    [[- end ]]
    _source_file,
    row_number() over (partition by _source_file order by _place) as _source_row
from (
    -- DuckDB hands over a file's records in their order.
    select *, [[ .Name ]] as _source_file, row_number() over () as _place
    from [[ .From ]]
)
