{#-
  win_loss lost: won, lost or pending, of an estimate with is_won, status and pipeline_status. Won comes first: an
  estimate whose pipeline is sold is won, whatever its status.
-#}
{% macro estimate_outcome() -%}
    case
        when is_won then 'won'
        when {{ starts_with(fold_text('status'), 'lost') }} then 'lost'
        when {{ has_word(fold_text('status'), 'lost') }} then 'lost'
        when {{ fold_text('pipeline_status') }} = 'lost' then 'lost'
        else 'pending'
    end
{%- endmacro %}
