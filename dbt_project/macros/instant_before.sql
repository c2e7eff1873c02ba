{#- D1: the instant so many days and hours before the run's, as a timestamp literal. -#}
{% macro instant_before(days=0, hours=0) -%}
    {%- set instant = as_of_datetime() - modules.datetime.timedelta(days=days | int, hours=hours | int) -%}
    timestamp '{{ instant.isoformat(sep=" ") }}'
{%- endmacro %}
