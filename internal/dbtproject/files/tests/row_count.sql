{#- The table has between so many rows and so many. -#}
{% test row_count(model, min_value=none, max_value=none) %}

with counted as (

    select count(*) as n_rows
    from {{ model }}

)

select *
from counted
where false
    {%- if min_value is not none %} or n_rows < {{ min_value }}{% endif %}
    {%- if max_value is not none %} or n_rows > {{ max_value }}{% endif %}

{% endtest %}
