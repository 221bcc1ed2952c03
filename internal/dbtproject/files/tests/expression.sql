{#- The expression is true of each row, or unknown for a null. -#}
{% test expression(model, expression, column_name=none) %}

select *
from {{ model }}
where not ({{ expression }})

{% endtest %}
