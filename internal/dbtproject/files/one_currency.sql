-- The shop has one currency: a sum of two would mean nothing. currency: in smelt.yml keeps the lines of one.
select distinct currency
from {{ ref('fact_sales') }}
where currency is not null
    and (select count(distinct currency) from {{ ref('fact_sales') }}) > 1
