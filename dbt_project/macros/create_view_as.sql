{#- dbt's own macro, but an existing view is replaced, so that it is never missing. -#}
{% macro duckdb__create_view_as(relation, sql) -%}
    create or replace view {{ relation }} as (
        {{ sql }}
    )
{%- endmacro %}
