{#- D28: the whole seconds from one timestamp to another, as a bigint: the floor of the exact difference. -#}
{% macro seconds_between(start_ts, end_ts) -%}
    {{ floor_divide(microseconds_between(start_ts, end_ts), 1000000) }}
{%- endmacro %}
