{#- D31, D34: microseconds as hours, rounded once, half up; none are 0. -#}
{% macro hours_of(microseconds) -%}
    {{ round_half_up("coalesce(" ~ microseconds ~ ", 0)", 3600000000, 2) }}
{%- endmacro %}
