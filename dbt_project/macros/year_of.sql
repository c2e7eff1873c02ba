{#- The calendar year of a date or timestamp, as an integer. -#}
{% macro year_of(date) -%}
    cast(extract(year from {{ date }}) as integer)
{%- endmacro %}
