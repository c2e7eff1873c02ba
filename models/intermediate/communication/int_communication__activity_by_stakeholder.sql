{{ config(materialized='ephemeral') }}

-- D32, D33, scores: the messages and meetings of each stakeholder of a customer, aggregated
with

messages as (

    select * from {{ ref('int_communication__messages_by_stakeholder') }}

),

meetings as (

    select * from {{ ref('int_communication__meetings_by_stakeholder') }}

),

stakeholders as (

    select * from {{ ref('stg_platform__stakeholder') }}

),

activity as (

    select
        channel,
        organization_id,
        customer_id,
        stakeholder_id,
        scored_messages,
        messages_with_sentiment,
        weight,
        positive_weight,
        neutral_weight,
        negative_weight,
        last_message_at as last_touch_at,
        last_act_at

    from messages

    union all

    select
        'meeting' as channel,
        organization_id,
        customer_id,
        stakeholder_id,
        0 as scored_messages,
        0 as messages_with_sentiment,
        0 as weight,
        0 as positive_weight,
        0 as neutral_weight,
        0 as negative_weight,
        last_attended_at as last_touch_at,
        last_attended_at as last_act_at

    from meetings

),

by_stakeholder as (

    select
        organization_id,
        customer_id,
        stakeholder_id,

        cast(sum(weight) filter (where channel = 'email') as bigint) as email_weight,
        cast(sum(weight) filter (where channel = 'chat') as bigint) as chat_weight,
        cast(sum(weight) filter (where channel = 'ticket_opening') as bigint) as ticket_weight,
        cast(sum(scored_messages) filter (where channel = 'ticket_opening') as bigint) as scored_tickets,
        cast(sum(messages_with_sentiment) as bigint) as messages_with_sentiment,
        cast(sum(positive_weight) as bigint) as positive_weight,
        cast(sum(neutral_weight) as bigint) as neutral_weight,
        cast(sum(negative_weight) as bigint) as negative_weight,

        max(last_touch_at) as last_touch_at,
        max(last_touch_at) filter (where channel = 'email') as last_email_at,
        max(last_touch_at) filter (where channel = 'chat') as last_chat_at,
        max(last_touch_at) filter (where channel = 'meeting') as last_meeting_at,
        max(last_act_at) as last_act_at

    from activity
    group by organization_id, customer_id, stakeholder_id

),

known as (

    select
        by_stakeholder.*,
        coalesce(stakeholders.is_decision_maker, false) as is_decision_maker,
        coalesce(stakeholders.is_muted, false) as is_muted,
        not coalesce(stakeholders.is_opted_out, false) as is_scored,
        by_stakeholder.stakeholder_id is not null
        and not coalesce(stakeholders.is_muted, false)
        and not coalesce(stakeholders.is_opted_out, false)
        and {{ in_last_days('by_stakeholder.last_act_at', 90) }} as is_active

    from by_stakeholder
    left join stakeholders
        on
            by_stakeholder.organization_id = stakeholders.organization_id
            and by_stakeholder.stakeholder_id = stakeholders.stakeholder_id

)

select * from known
