{#- D1: the selected year as an integer literal: the var `selected_year`, else the year of the run's instant. -#}
{% macro selected_year() -%}
    {{ (var("selected_year", none) or as_of_datetime().year) | int }}
{%- endmacro %}
