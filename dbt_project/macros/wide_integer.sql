{#- The type of whole numbers beyond bigint, exact to 38 digits. -#}
{% macro wide_integer() -%}
    {{ return(adapter.dispatch("wide_integer")()) }}
{%- endmacro %}

{% macro default__wide_integer() -%}
    numeric(38, 0)
{%- endmacro %}

{#- DuckDB multiplies and divides its 128-bit integers exactly, where a product of decimals may be too wide to bind. -#}
{% macro duckdb__wide_integer() -%}
    hugeint
{%- endmacro %}

{% macro spark__wide_integer() -%}
    decimal(38, 0)
{%- endmacro %}
