{#- The bigint that a text of hexadecimal digits stands for. -#}
{% macro hexadecimal_number(digits) -%}
    {{ return(adapter.dispatch("hexadecimal_number")(digits)) }}
{%- endmacro %}

{% macro default__hexadecimal_number(digits) -%}
    cast('0x' || {{ digits }} as bigint)
{%- endmacro %}

{#- Only version 16 and later read a text that begins with 0x as a number. -#}
{% macro postgres__hexadecimal_number(digits) -%}
    cast(cast('x' || lpad({{ digits }}, 16, '0') as bit(64)) as bigint)
{%- endmacro %}

{% macro spark__hexadecimal_number(digits) -%}
    cast(conv({{ digits }}, 16, 10) as bigint)
{%- endmacro %}
