{#- The bigint that a text of hexadecimal digits stands for. -#}
{% macro hexadecimal_number(digits) -%}
    {{ return(adapter.dispatch("hexadecimal_number")(digits)) }}
{%- endmacro %}

{% macro default__hexadecimal_number(digits) -%}
    cast('0x' || {{ digits }} as bigint)
{%- endmacro %}

{% macro spark__hexadecimal_number(digits) -%}
    cast(conv({{ digits }}, 16, 10) as bigint)
{%- endmacro %}
