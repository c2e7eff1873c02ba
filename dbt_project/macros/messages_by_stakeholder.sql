{#-
  D32, D33, D36, scores window: a select that aggregates a channel's messages in one pass, by customer and stakeholder.
  `messages` is a relation of organization_id, customer_id, stakeholder_id, is_from_team, sentiment, sent_at; `decay` is
  the seed score_decay. Weights are those of the account's messages in the scores' window, in 10,000ths; a message
  without a sentiment counts in `weight` only. Counts are of the account's messages and honour
  `communication_window_days`; dates cover the whole history.
-#}
{% macro messages_by_stakeholder(messages, decay) -%}
with

aged as (

    select
        organization_id,
        customer_id,
        stakeholder_id,
        sentiment,
        is_from_team,
        sent_at,
        case when not is_from_team then {{ whole_days_between("sent_at", as_of()) }} end as age_days

    from {{ messages }}
    where sent_at <= {{ as_of() }}

)

select
    aged.organization_id,
    aged.customer_id,
    aged.stakeholder_id,

    count(*) filter (
        where not aged.is_from_team and {{ in_communication_window("aged.sent_at") }}
    ) as account_messages,
    count(*) filter (
        where not aged.is_from_team and aged.sentiment = 'positive' and {{ in_communication_window("aged.sent_at") }}
    ) as positive_messages,
    count(*) filter (
        where not aged.is_from_team and aged.sentiment = 'negative' and {{ in_communication_window("aged.sent_at") }}
    ) as negative_messages,

    count(decay.weight) as scored_messages,
    count(decay.weight) filter (where aged.sentiment is not null) as messages_with_sentiment,
    cast(coalesce(sum(decay.weight), 0) as bigint) as weight,
    cast(coalesce(sum(decay.weight) filter (where aged.sentiment = 'positive'), 0) as bigint) as positive_weight,
    cast(coalesce(sum(decay.weight) filter (where aged.sentiment = 'neutral'), 0) as bigint) as neutral_weight,
    cast(coalesce(sum(decay.weight) filter (where aged.sentiment = 'negative'), 0) as bigint) as negative_weight,

    max(aged.sent_at) as last_message_at,
    max(aged.sent_at) filter (where aged.is_from_team) as last_team_message_at,
    max(aged.sent_at) filter (where not aged.is_from_team) as last_act_at

from aged
left join {{ decay }} as decay on aged.age_days = decay.age_days
group by aged.organization_id, aged.customer_id, aged.stakeholder_id
{%- endmacro %}
