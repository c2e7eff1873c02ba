with

chat_messages as (

    select * from {{ ref('stg_platform__chat_message') }}

),

messages as (

    select
        organization_id,
        customer_id,
        conversation_id as thread_id,
        message_id,
        user_id,
        stakeholder_id,

        sentiment,

        direction = 'team' as is_from_team,

        sent_at

    from chat_messages

)

select * from messages
