-- D30: comments count on the customer's own tickets that were opened by the run's instant
with

comments as (

    select * from {{ ref('stg_platform__ticket_comment') }}

),

tickets as (

    select * from {{ ref('stg_platform__ticket') }}

),

messages as (

    select
        comments.organization_id,
        comments.customer_id,
        comments.ticket_id as thread_id,
        comments.comment_id as message_id,
        comments.user_id,
        comments.stakeholder_id,

        comments.sentiment,

        comments.direction = 'team' as is_from_team,

        comments.created_at as sent_at

    from comments
    inner join tickets
        on
            comments.organization_id = tickets.organization_id
            and comments.ticket_id = tickets.ticket_id
            and comments.customer_id = tickets.customer_id
    where tickets.opened_at <= {{ as_of() }}

)

select * from messages
