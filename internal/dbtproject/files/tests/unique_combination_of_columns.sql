{#- No two rows have the same values of the columns; a row with a null in one of them has none.
    Every row of a repeated key fails. -#}
{% test unique_combination_of_columns(model, combination_of_columns) %}

with numbered as (

    select
        *,
        count(*) over (partition by {{ combination_of_columns | join(', ') }}) as n_records
    from {{ model }}
    where {% for column in combination_of_columns %}{{ column }} is not null{{ ' and ' if not loop.last }}{% endfor %}

)

select *
from numbered
where n_records > 1

{% endtest %}
