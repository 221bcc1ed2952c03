{#- The newest value is no older than an interval, and there is one. -#}
{% test freshness(model, column_name, within) %}

with newest as (

    select max({{ column_name }}) as newest
    from {{ model }}

)

select *
from newest
where newest is null
    or newest < {{ dbt.current_timestamp() }} - {{ within }}

{% endtest %}
