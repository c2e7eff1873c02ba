{#- scores sentiment: P + U + N + 5 in 10,000ths, of sums of weights in 10,000ths. -#}
{% macro sentiment_divisor(positive, neutral, negative, constants) -%}
    ({{ positive }} + {{ neutral }} + {{ negative }} + {{ constants }}.sentiment_damping * 10000)
{%- endmacro %}
