{#- dbt's own macro, but a view that is there is replaced, so that none is ever missing. -#}
{% macro duckdb__create_view_as(relation, sql) -%}
    create or replace view {{ relation }} as (
        {{ sql }}
    )
{%- endmacro %}
