{#- How many rows a rule has sent to the quarantine: for limits on that. The reason is a literal of SQL. -#}
{% test quarantined(model, reason) %}

select *
from {{ model }}
where reason = {{ reason }}

{% endtest %}
