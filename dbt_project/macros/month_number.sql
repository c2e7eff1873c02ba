{#- D7: year * 12 + month of a date, as an integer, so that months are differences. -#}
{% macro month_number(date) -%}
    cast(extract(year from {{ date }}) * 12 + extract(month from {{ date }}) as integer)
{%- endmacro %}
