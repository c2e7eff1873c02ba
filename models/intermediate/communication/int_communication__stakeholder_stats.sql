{{ config(materialized='table') }}

-- D32, D33, scores: the stakeholders' messages and meetings, aggregated by customer
with

activity_by_stakeholder as (

    select * from {{ ref('int_communication__activity_by_stakeholder') }}

),

by_customer as (

    select
        organization_id,
        customer_id,

        count(*) filter (where is_active) as active_stakeholders,

        cast(coalesce(sum(email_weight) filter (where is_scored), 0) as bigint) as email_weight,
        cast(coalesce(sum(chat_weight) filter (where is_scored), 0) as bigint) as chat_weight,
        cast(coalesce(sum(ticket_weight) filter (where is_scored), 0) as bigint) as ticket_weight,
        cast(coalesce(sum(scored_tickets) filter (where is_scored), 0) as bigint) as scored_tickets,
        cast(coalesce(sum(messages_with_sentiment) filter (where is_scored), 0) as bigint) as messages_with_sentiment,
        cast(coalesce(sum(positive_weight) filter (where is_scored), 0) as bigint) as positive_weight,
        cast(coalesce(sum(neutral_weight) filter (where is_scored), 0) as bigint) as neutral_weight,
        cast(coalesce(sum(negative_weight) filter (where is_scored), 0) as bigint) as negative_weight,

        max(last_touch_at) filter (where is_decision_maker) as last_touch_dm_at,
        max(last_email_at) filter (where is_decision_maker) as last_email_dm_at,
        max(last_chat_at) filter (where is_decision_maker) as last_chat_dm_at,
        max(last_meeting_at) filter (where is_decision_maker) as last_meeting_dm_at

    from activity_by_stakeholder
    group by organization_id, customer_id

)

select * from by_customer
