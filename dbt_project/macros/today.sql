{#- D1: the UTC date of the run's instant, as a date literal. -#}
{% macro today() -%}
    date '{{ as_of_datetime().date().isoformat() }}'
{%- endmacro %}
