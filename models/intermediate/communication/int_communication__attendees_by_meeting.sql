-- D31: how many people attend each meeting, each once, meetings to come included
with

attendees as (

    select * from {{ ref('stg_platform__calendar_event_attendee') }}

),

by_meeting as (

    select
        organization_id,
        event_id,
        count(distinct user_id) as users,
        count(distinct stakeholder_id) as stakeholders

    from attendees
    where is_attending
    group by organization_id, event_id

)

select * from by_meeting
