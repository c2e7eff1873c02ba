{#-
  D28 to D36: a select that aggregates a channel's messages in one pass, by customer and user. `messages` is a relation
  of organization_id, customer_id, user_id, is_from_team, sentiment, sent_at. Counts honour
  `communication_window_days`, dates cover the whole history, effort_messages are the team's in the last
  `effort_window_days` (D34).
-#}
{% macro messages_by_user(messages) -%}
select
    organization_id,
    customer_id,
    user_id,

    count(*) filter (where is_from_team and {{ in_communication_window("sent_at") }}) as team_messages,
    count(*) filter (where not is_from_team and {{ in_communication_window("sent_at") }}) as account_messages,
    count(*) filter (where sentiment = 'positive' and {{ in_communication_window("sent_at") }}) as positive_messages,
    count(*) filter (where sentiment = 'negative' and {{ in_communication_window("sent_at") }}) as negative_messages,
    {% for sentiment in ["positive", "negative"] -%}
    count(*) filter (
        where sentiment = '{{ sentiment }}' and not is_from_team and {{ in_communication_window("sent_at") }}
    ) as account_{{ sentiment }}_messages,
    {% endfor -%}
    count(*) filter (where is_from_team and {{ in_last_days("sent_at", var("effort_window_days")) }}) as effort_messages,
    count(*) filter (where sent_at <= {{ as_of() }}) as past_messages,
    count(*) filter (where sent_at > {{ as_of() }}) as future_messages,

    max(sent_at) filter (where is_from_team and sent_at <= {{ as_of() }}) as last_team_message_at,
    max(sent_at) filter (where not is_from_team and sent_at <= {{ as_of() }}) as last_account_message_at

from {{ messages }}
group by organization_id, customer_id, user_id
{%- endmacro %}
