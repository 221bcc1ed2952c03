select
    [[- range .Columns ]]
    [[ . ]],
    [[- end ]]
    _source_file,
    [[ if .HeaderIsRow ]]_source_row - 1 as [[ end ]]_source_row
from (
    -- A file's parts by where they begin, and the records of each as they stand.
    select
        *,
        [[ .Name ]] as _source_file,
        cast(row_number() over (
            partition by _metadata.file_path
            order by _metadata.file_block_start, monotonically_increasing_id()
        ) as bigint) as _source_row
    from [[ .From ]]
)
[[- if .HeaderIsRow ]]
-- The first record names the columns, which have names of smelt.yml's.
where _source_row > 1
[[- end ]]
