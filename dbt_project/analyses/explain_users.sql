-- what each user of the team did for the account (D33, D34)
with

effort as (

    select * from {{ ref('int_communication__effort_by_user') }}

),

users as (

    select * from {{ ref('stg_platform__users') }}

)

select
    effort.user_id,
    users.email,
    cast(effort.events as bigint) as events,
    {{ round_half_up('effort.email_microseconds', 3600000000, 2) }} as email_hours,
    {{ round_half_up('effort.ticket_comment_microseconds', 3600000000, 2) }} as ticket_comment_hours,
    {{ round_half_up('effort.chat_microseconds', 3600000000, 2) }} as chat_hours,
    {{ round_half_up('effort.attended_microseconds', 3600000000, 2) }} as meeting_hours,
    {{ round_half_up('effort.effort_microseconds', 3600000000, 2) }} as effort_hours,
    cast(effort.hourly_cents * 0.01 as numeric(18, 2)) as hourly_cost,
    {{ round_half_up(
        'cast(effort.effort_microseconds as ' ~ wide_integer() ~ ') * effort.hourly_cents', 360000000000, 2
    ) }} as effort_cost,
    {{ seconds_of('effort.effort_microseconds') }} as effort_seconds,
    coalesce(effort.is_owner, false) as is_owners,
    effort.is_excluded,
    effort.is_counted

from effort
left join users
    on effort.organization_id = users.organization_id and effort.user_id = users.user_id
where {{ is_explained_customer('effort') }}
