{#- The column's sum is that of a column of another model; the sum of no rows is 0. -#}
{% test sum_equals(model, column_name, to, field) %}

with sums as (

    select
        (select coalesce(sum({{ column_name }}), 0) from {{ model }}) as this_sum,
        (select coalesce(sum({{ field }}), 0) from {{ to }}) as that_sum

)

select *
from sums
where this_sum <> that_sum

{% endtest %}
