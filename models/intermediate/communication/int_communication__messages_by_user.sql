-- the messages of every channel, by customer and user
with

emails as (

    select * from {{ ref('int_communication__emails_by_user') }}

),

chat as (

    select * from {{ ref('int_communication__chat_by_user') }}

),

ticket_comments as (

    select * from {{ ref('int_communication__ticket_comments_by_user') }}

),

ticket_openings as (

    select * from {{ ref('int_communication__ticket_openings_by_user') }}

),

messages as (

    select
        'email' as channel,
        organization_id,
        customer_id,
        user_id,

        team_messages,
        account_messages,
        positive_messages,
        negative_messages,
        effort_messages,
        past_messages,
        future_messages,

        last_team_message_at,
        last_account_message_at

    from emails

    union all

    select
        'chat' as channel,
        organization_id,
        customer_id,
        user_id,

        team_messages,
        account_messages,
        positive_messages,
        negative_messages,
        effort_messages,
        past_messages,
        future_messages,

        last_team_message_at,
        last_account_message_at

    from chat

    union all

    select
        'ticket_comment' as channel,
        organization_id,
        customer_id,
        user_id,

        team_messages,
        account_messages,
        positive_messages,
        negative_messages,
        effort_messages,
        past_messages,
        future_messages,

        last_team_message_at,
        last_account_message_at

    from ticket_comments

    union all

    select
        'ticket_opening' as channel,
        organization_id,
        customer_id,
        user_id,

        team_messages,
        account_messages,
        positive_messages,
        negative_messages,
        effort_messages,
        past_messages,
        future_messages,

        last_team_message_at,
        last_account_message_at

    from ticket_openings

)

select * from messages
