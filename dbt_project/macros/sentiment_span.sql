{#- scores sentiment: the span above the base if positive messages outweigh negative ones, else the span below it. -#}
{% macro sentiment_span(positive, negative, constants) -%}
    case
        when {{ positive }} >= {{ negative }} then {{ constants }}.sentiment_upper_span
        else {{ constants }}.sentiment_lower_span
    end
{%- endmacro %}
