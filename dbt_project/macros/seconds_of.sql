{#- D31, D34: microseconds as seconds, exact, as numeric(38, 6); an explanation sums them to the published value. -#}
{% macro seconds_of(microseconds) -%}
    cast(cast({{ microseconds }} as numeric(32, 0)) * 0.000001 as numeric(38, 6))
{%- endmacro %}
