{{ config(materialized='ephemeral') }}

-- D33, D34: the work of each user for each customer, by channel, and its hourly cost
with

messages as (

    select * from {{ ref('int_communication__messages_by_user') }}

),

meetings as (

    select * from {{ ref('int_communication__meetings_by_user') }}

),

customers as (

    select * from {{ ref('stg_platform__customer') }}

),

users as (

    select * from {{ ref('stg_platform__users') }}

),

activity as (

    select
        channel,
        organization_id,
        customer_id,
        user_id,
        team_messages + account_messages as events,
        -- with the largest setting, a century per message, 3,000 messages exceed bigint
        cast(effort_messages as {{ wide_integer() }}) * 60000000 * case channel
            when 'email' then {{ var("effort_minutes_email") }}
            when 'ticket_comment' then {{ var("effort_minutes_ticket_comment") }}
            when 'chat' then {{ var("effort_minutes_chat") }}
            else 0
        end as effort_microseconds,
        0 as meetings,
        0 as meeting_microseconds

    from messages

    union all

    select
        'meeting' as channel,
        organization_id,
        customer_id,
        user_id,
        meetings as events,
        effort_microseconds,
        meetings,
        microseconds as meeting_microseconds

    from meetings

),

by_user as (

    select
        organization_id,
        customer_id,
        user_id,
        sum(events) as events,
        sum(effort_microseconds) as effort_microseconds,
        sum(effort_microseconds) filter (where channel = 'email') as email_microseconds,
        sum(effort_microseconds) filter (where channel = 'ticket_comment') as ticket_comment_microseconds,
        sum(effort_microseconds) filter (where channel = 'chat') as chat_microseconds,
        sum(effort_microseconds) filter (where channel = 'meeting') as attended_microseconds,
        sum(meetings) as meetings,
        sum(meeting_microseconds) as meeting_microseconds

    from activity
    group by organization_id, customer_id, user_id

),

priced as (

    select
        by_user.organization_id,
        by_user.customer_id,
        by_user.user_id,
        by_user.user_id = customers.owner_id as is_owner,
        by_user.user_id is not null and not coalesce(users.is_excluded, false) and by_user.events > 0 as is_counted,
        coalesce(users.is_excluded, false) as is_excluded,
        by_user.events,
        by_user.meetings,
        by_user.meeting_microseconds,
        by_user.email_microseconds,
        by_user.ticket_comment_microseconds,
        by_user.chat_microseconds,
        by_user.attended_microseconds,
        case when coalesce(users.is_excluded, false) then 0 else by_user.effort_microseconds end as effort_microseconds,
        cast(
            coalesce(users.hourly_cost, cast({{ var("default_hourly_cost") }} as numeric(12, 2))) * 100 as bigint
        ) as hourly_cents

    from by_user
    inner join customers
        on by_user.organization_id = customers.organization_id and by_user.customer_id = customers.customer_id
    left join users
        on by_user.organization_id = users.organization_id and by_user.user_id = users.user_id

)

select * from priced
