{#-
  scores sentiment: 65 + 35r or 65 + 65r, r = (P - N) / (P + U + N + 5), as one quotient of whole numbers. `positive`,
  `negative` are sums of weights in 10,000ths, `divisor` is sentiment_divisor's and `span` sentiment_span's;
  `constants` is the relation of that name.
-#}
{% macro sentiment_score(positive, negative, divisor, span, constants) -%}
    {{ round_half_up(
        constants ~ '.sentiment_base * ' ~ divisor ~ ' + ' ~ span ~ ' * (' ~ positive ~ ' - ' ~ negative ~ ')',
        divisor, 2, 5
    ) }}
{%- endmacro %}
