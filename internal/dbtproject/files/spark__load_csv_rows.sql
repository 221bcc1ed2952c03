{#- Fills a seed. dbt-spark's own, in a session, minds no quotes in texts. All columns of
    the seeds here are texts. -#}
{% macro spark__load_csv_rows(model, agate_table) %}
    {%- set sql %}
        insert into {{ this.render() }} values
        {% for row in agate_table.rows -%}
        (
            {%- for value in row -%}
                '{{ value | replace('\\', '\\\\') | replace("'", "\\'") }}' {{- ', ' if not loop.last }}
            {%- endfor -%}
        ) {{- ',' if not loop.last }}
        {% endfor %}
    {%- endset %}
    {%- do adapter.add_query(sql, abridge_sql_log=True) %}
    {{- return(sql) }}
{% endmacro %}
