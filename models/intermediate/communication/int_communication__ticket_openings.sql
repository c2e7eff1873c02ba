-- D28: the opening of a ticket is the account's first message; its user is the assignee (D30, D33)
with

tickets as (

    select * from {{ ref('stg_platform__ticket') }}

),

messages as (

    select
        organization_id,
        customer_id,
        ticket_id as thread_id,
        ticket_id as message_id,
        assignee_id as user_id,
        requester_id as stakeholder_id,

        sentiment,

        false as is_from_team,

        opened_at as sent_at

    from tickets

)

select * from messages
