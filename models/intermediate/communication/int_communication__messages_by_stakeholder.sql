-- the messages of every channel, by customer and stakeholder
with

emails as (

    select * from {{ ref('int_communication__emails_by_stakeholder') }}

),

chat as (

    select * from {{ ref('int_communication__chat_by_stakeholder') }}

),

ticket_comments as (

    select * from {{ ref('int_communication__ticket_comments_by_stakeholder') }}

),

ticket_openings as (

    select * from {{ ref('int_communication__ticket_openings_by_stakeholder') }}

),

messages as (

    select
        'email' as channel,
        organization_id,
        customer_id,
        stakeholder_id,

        scored_messages,
        weight,
        positive_weight,
        negative_weight,

        last_message_at,
        last_act_at

    from emails

    union all

    select
        'chat' as channel,
        organization_id,
        customer_id,
        stakeholder_id,

        scored_messages,
        weight,
        positive_weight,
        negative_weight,

        last_message_at,
        last_act_at

    from chat

    union all

    select
        'ticket_comment' as channel,
        organization_id,
        customer_id,
        stakeholder_id,

        scored_messages,
        weight,
        positive_weight,
        negative_weight,

        last_message_at,
        last_act_at

    from ticket_comments

    union all

    select
        'ticket_opening' as channel,
        organization_id,
        customer_id,
        stakeholder_id,

        scored_messages,
        weight,
        positive_weight,
        negative_weight,

        last_message_at,
        last_act_at

    from ticket_openings

)

select * from messages
