-- D28: a ticket's thread; at equal times the opening comes first
with

openings as (

    select * from {{ ref('int_communication__ticket_openings') }}

),

comments as (

    select * from {{ ref('int_communication__ticket_comments') }}

),

messages as (

    select
        organization_id,
        customer_id,
        thread_id,
        message_id,
        user_id,
        stakeholder_id,
        0 as message_rank,
        is_from_team,
        sent_at

    from openings

    union all

    select
        organization_id,
        customer_id,
        thread_id,
        message_id,
        user_id,
        stakeholder_id,
        1 as message_rank,
        is_from_team,
        sent_at

    from comments

)

select * from messages
