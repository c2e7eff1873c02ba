{#- Scores: the whole days of 24 hours from one timestamp to another, as a bigint: the floor of the exact difference. -#}
{% macro whole_days_between(start_ts, end_ts) -%}
    {{ floor_divide(microseconds_between(start_ts, end_ts), 86400000000) }}
{%- endmacro %}
