{#- D1: the run's instant as a timestamp literal in UTC, from the var `as_of`. -#}
{% macro as_of() -%}
    timestamp '{{ as_of_datetime().isoformat(sep=" ") }}'
{%- endmacro %}
