{#-
  D36, scores sentiment: a message's sentiment: positive, negative, or neutral, which includes any other word; null if it
  has none, which counts as neutral in columns and not at all in scores. Nearly all are in lower case without blanks:
  the first case skips trimming them, which costs more than counting them.
-#}
{% macro sentiment_of(text) -%}
    (case {{ text }}
        when 'positive' then 'positive'
        when 'negative' then 'negative'
        when 'neutral' then 'neutral'
        else
            case
                when {{ is_blank(text) }} then null
                when {{ fold_text(text) }} = 'positive' then 'positive'
                when {{ fold_text(text) }} = 'negative' then 'negative'
                else 'neutral'
            end
    end)
{%- endmacro %}
