{#- D31, D34: whole seconds as hours, rounded once, half up; none are 0. -#}
{% macro hours_of(seconds) -%}
    {{ round_half_up("coalesce(" ~ seconds ~ ", 0)", 3600, 2) }}
{%- endmacro %}
