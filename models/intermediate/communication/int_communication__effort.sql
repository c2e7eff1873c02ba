{{ config(materialized='table') }}

-- D33, D34: the work of the team's users for a customer: who counts, their time and its cost
with

effort_by_user as (

    select * from {{ ref('int_communication__effort_by_user') }}

),

by_customer as (

    select
        organization_id,
        customer_id,

        count(*) filter (where is_counted) as users_count,
        cast(sum(meeting_microseconds) as bigint) as team_meeting_microseconds,
        cast(coalesce(sum(meeting_microseconds) filter (where is_owner), 0) as bigint) as owner_meeting_microseconds,
        cast(coalesce(sum(meetings) filter (where is_owner), 0) as bigint) as owner_meetings,
        cast(sum(effort_microseconds) as {{ wide_integer() }}) as team_effort_microseconds,
        cast(
            coalesce(sum(effort_microseconds) filter (where is_owner), 0) as {{ wide_integer() }}
        ) as owner_effort_microseconds,

        -- cents per hour * microseconds
        sum(cast(effort_microseconds as {{ wide_integer() }}) * hourly_cents) as team_effort_cent_microseconds

    from effort_by_user
    group by organization_id, customer_id

)

select * from by_customer
