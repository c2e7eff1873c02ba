{#-
  D36: a message's sentiment: positive, negative, or neutral, which includes null and what the spec does not name. Nearly
  all are spelt plainly, and the first case spares them the trimming, which costs more than counting them does.
-#}
{% macro sentiment_of(text) -%}
    (case {{ text }}
        when 'positive' then 'positive'
        when 'negative' then 'negative'
        when 'neutral' then 'neutral'
        else
            case {{ fold_text(text) }} when 'positive' then 'positive' when 'negative' then 'negative' else 'neutral' end
    end)
{%- endmacro %}
