-- Bronze rows that silver could not use, each with its reason.
[[- range $table, $key := keys ]]
select
    '[[ $table ]]' as table,
    'missing_key' as reason,
    [[ rowJSON $table "" ]] as values,
    _source_file as source_file,
    _source_row as source_row
from {{ ref('[[ $table ]]') }}
where {{ clean_text('[[ $key ]]') }} is null

union all
[[ end ]]
select
    'sales' as table,
    line.reason,
    [[ rowJSON "sales" "record." ]] as values,
    record._source_file as source_file,
    record._source_row as source_row
from {{ ref('sales') }} as record
inner join {{ ref('int_sales_lines') }} as line
    on line._source_file = record._source_file and line._source_row = record._source_row
where line.reason is not null
