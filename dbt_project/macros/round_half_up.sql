{#-
  D9, D28, D34, scores: a quotient of two whole numbers, rounded once, half away from zero, as numeric(precision, scale).
  Exact as long as 2 * |numerator| * 10^scale + |denominator| stays under 10^38 and the quotient's digits under 32.
  Null if the denominator is zero or null, or the numerator null.
-#}
{% macro round_half_up(numerator, denominator, scale, precision=38) -%}
    {%- set n = "cast(" ~ numerator ~ " as " ~ wide_integer() ~ ")" -%}
    {%- set d = "nullif(cast(" ~ denominator ~ " as " ~ wide_integer() ~ "), 0)" -%}
    {%- set doubled = "abs(" ~ n ~ ") * " ~ (2 * 10 ** scale) ~ " + abs(" ~ d ~ ")" -%}
    {%- set rounded = integer_divide(doubled, "abs(" ~ d ~ ") * 2", wide=true) -%}
    {%- set signed = "case when (" ~ n ~ " < 0) = (" ~ d ~ " < 0) then " ~ rounded ~ " else -" ~ rounded ~ " end" -%}
    {%- if scale == 0 -%}
    cast({{ signed }} as numeric({{ precision }}, 0))
    {%- else -%}
    cast(cast({{ signed }} as numeric({{ 38 - scale }}, 0)) * 0.{{ "0" * (scale - 1) }}1 as numeric({{ precision }}, {{ scale }}))
    {%- endif -%}
{%- endmacro %}
