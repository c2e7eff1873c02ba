with

users as (

    select * from {{ ref('stg_platform__users') }}

),

tokens as (

    select * from {{ ref('stg_platform__user_api_token') }}

),

channels as (

    select * from {{ ref('int_communication__configured_channels') }}

),

-- D2, D35: tokens written after the run's instant do not count
mailboxes as (

    select distinct
        organization_id,
        user_id

    from tokens
    where
        token_kind = 'email'
        and is_active
        and (updated_at is null or updated_at <= {{ as_of() }})

),

members as (

    select
        users.organization_id,
        users.user_id,

        users.email,
        users.first_name,
        users.last_name,
        case
            when {{ is_blank('users.first_name') }} and {{ is_blank('users.last_name') }} then null
            when {{ is_blank('users.first_name') }} then {{ trim_text('users.last_name') }}
            when {{ is_blank('users.last_name') }} then {{ trim_text('users.first_name') }}
            else {{ trim_text('users.first_name') }} || ' ' || {{ trim_text('users.last_name') }}
        end as name,
        users.title,
        users.department,
        users.crm_id,

        -- null, not false, without a state
        {{ fold_text('users.state') }} = 'active' as has_access,
        users.is_excluded,
        case when channels.has_tokens then mailboxes.user_id is not null end as mailbox_connected

    from users
    cross join channels
    left join mailboxes
        on users.organization_id = mailboxes.organization_id and users.user_id = mailboxes.user_id

)

select * from members
