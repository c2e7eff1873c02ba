{#- D7: year * 12 + month of a date, as an integer, so that the difference of two is a number of months. -#}
{% macro month_number(date) -%}
    cast(extract(year from {{ date }}) * 12 + extract(month from {{ date }}) as integer)
{%- endmacro %}
