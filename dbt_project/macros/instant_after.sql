{#- D1: the instant so many minutes after the run's, as a timestamp literal. -#}
{% macro instant_after(minutes) -%}
    {%- set instant = as_of_datetime() + modules.datetime.timedelta(minutes=minutes | int) -%}
    timestamp '{{ instant.isoformat(sep=" ") }}'
{%- endmacro %}
