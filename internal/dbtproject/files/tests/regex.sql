{#- Each text has a match of the pattern, or is null. The pattern is a literal of SQL. -#}
{% test regex(model, column_name, pattern) %}

select *
from {{ model }}
where not {{ 'regexp_like' if target.type in ('spark', 'databricks') else 'regexp_matches' }}({{ column_name }}, {{ pattern }})

{% endtest %}
