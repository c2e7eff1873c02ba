{#- The microseconds from one timestamp to another, exact, as a bigint. -#}
{% macro microseconds_between(start_ts, end_ts) -%}
    {{ return(adapter.dispatch("microseconds_between")(start_ts, end_ts)) }}
{%- endmacro %}

{% macro default__microseconds_between(start_ts, end_ts) -%}
    (epoch_us({{ end_ts }}) - epoch_us({{ start_ts }}))
{%- endmacro %}

{#- The epoch of an interval between timestamps without zone is an exact numeric. -#}
{% macro postgres__microseconds_between(start_ts, end_ts) -%}
    cast(extract(epoch from ({{ end_ts }}) - ({{ start_ts }})) * 1000000 as bigint)
{%- endmacro %}

{% macro spark__microseconds_between(start_ts, end_ts) -%}
    timestampdiff(microsecond, {{ start_ts }}, {{ end_ts }})
{%- endmacro %}
