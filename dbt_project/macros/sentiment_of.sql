{#- D36: a message's sentiment: positive, negative, or neutral, which includes null and what the spec does not name. -#}
{% macro sentiment_of(text) -%}
    (case {{ fold_text(text) }} when 'positive' then 'positive' when 'negative' then 'negative' else 'neutral' end)
{%- endmacro %}
