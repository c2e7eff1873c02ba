with

emails as (

    select * from {{ ref('stg_platform__email_prop') }}

),

messages as (

    select
        organization_id,
        customer_id,
        thread_id,
        email_id as message_id,
        user_id,
        stakeholder_id,

        sentiment,

        direction = 'team' as is_from_team,

        sent_at

    from emails

)

select * from messages
