{#-
  The quotient without its fraction (towards zero): a bigint, or with `wide` a wide_integer.
  A wide quotient has at most 32 digits, which is Spark's limit. A divisor of zero is an error or null: guard it.
-#}
{% macro integer_divide(dividend, divisor, wide=false) -%}
    {{ return(adapter.dispatch("integer_divide")(dividend, divisor, wide)) }}
{%- endmacro %}

{#- DuckDB: / on integers gives a double. -#}
{% macro default__integer_divide(dividend, divisor, wide) -%}
    (cast({{ dividend }} as {{ wide_integer() if wide else "bigint" }}) // cast({{ divisor }} as {{ wide_integer() if wide else "bigint" }}))
{%- endmacro %}

{#- Postgres: / truncates on bigint, and gives a fraction on numeric. -#}
{% macro postgres__integer_divide(dividend, divisor, wide) -%}
    {%- if wide -%}
    div(cast({{ dividend }} as {{ wide_integer() }}), cast({{ divisor }} as {{ wide_integer() }}))
    {%- else -%}
    (cast({{ dividend }} as bigint) / cast({{ divisor }} as bigint))
    {%- endif -%}
{%- endmacro %}

{#- Spark: div overflows beyond bigint and / rounds, but a multiple of the divisor divides exactly. -#}
{% macro spark__integer_divide(dividend, divisor, wide) -%}
    {%- if wide -%}
    {%- set a = "cast(" ~ dividend ~ " as " ~ wide_integer() ~ ")" -%}
    {%- set b = "cast(" ~ divisor ~ " as " ~ wide_integer() ~ ")" -%}
    cast(({{ a }} - {{ a }} % {{ b }}) / {{ b }} as {{ wide_integer() }})
    {%- else -%}
    (cast({{ dividend }} as bigint) div cast({{ divisor }} as bigint))
    {%- endif -%}
{%- endmacro %}
