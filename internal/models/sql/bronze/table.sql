[[ if .Parts -]]
[[ range $i, $part := .Parts -]]
[[ if $i ]]
union all

[[ end -]]
select
    [[- range $j, $c := $.Columns ]][[ if $j ]],[[ end ]]
    [[ $c ]]
    [[- end ]]
from {{ ref('[[ $part ]]') }}
[[ end -]]
[[ else -]]
-- No file holds such records.
select
    [[- range $i, $c := .Nulls ]][[ if $i ]],[[ end ]]
    [[ $c.SQL ]] as [[ $c.Name ]]
    [[- end ]]
where false
[[ end -]]
