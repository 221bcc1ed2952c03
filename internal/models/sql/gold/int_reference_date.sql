-- [[ if .Day ]]The day that smelt.yml names.[[ else ]]The day after the newest order.[[ end ]] Recency and tenure are counted to it, never to today.

[[ if .Day -]]
select cast('[[ .Day ]]' as date) as reference_date
[[- else -]]
select max(order_date) + 1 as reference_date
from {{ ref('fact_sales') }}
[[- end ]]
