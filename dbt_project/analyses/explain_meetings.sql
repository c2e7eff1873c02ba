-- the account's meetings, including cancelled ones, with the figures that each counts in
with

events as (

    select
        organization_id,
        id as event_id,
        customer_id,
        title,
        status,
        kind,
        start_time

    from {{ source('platform', 'calendar_event_prop') }}

),

meetings as (

    select * from {{ ref('int_communication__meetings') }}

),

attendance as (

    select * from {{ ref('int_communication__attendance') }}

),

stakeholders as (

    select * from {{ ref('stg_platform__stakeholder') }}

),

attended as (

    select
        attendance.organization_id,
        attendance.event_id,
        count(*) filter (where attendance.is_team) as team_attendees,
        count(*) filter (where not attendance.is_team) as stakeholders_attending,
        count(*) filter (where stakeholders.is_decision_maker) as decision_makers_attending

    from attendance
    left join stakeholders
        on
            attendance.organization_id = stakeholders.organization_id
            and attendance.person_id = stakeholders.stakeholder_id
            and not attendance.is_team
    where {{ is_explained_customer('attendance') }}
    group by attendance.organization_id, attendance.event_id

)

select
    events.event_id as meeting_id,
    events.title,
    events.kind,
    events.status,
    events.start_time,
    {{ round_half_up('meetings.microseconds', 3600000000, 2) }} as hours,
    {{ seconds_of('meetings.microseconds') }} as seconds,
    coalesce(attended.team_attendees, 0) as team_attendees,
    coalesce(attended.stakeholders_attending, 0) as stakeholders_attending,
    coalesce(attended.decision_makers_attending, 0) as decision_makers_attending,
    meetings.event_id is null as is_cancelled,
    coalesce(meetings.is_held, false) as is_held,
    coalesce(meetings.is_held and {{ in_communication_window('events.start_time') }}, false) as is_counted,
    coalesce(meetings.is_qbr, false) as is_qbr,
    coalesce(meetings.is_confirmed, false) as is_confirmed

from events
left join meetings
    on events.organization_id = meetings.organization_id and events.event_id = meetings.event_id
left join attended
    on events.organization_id = attended.organization_id and events.event_id = attended.event_id
where {{ is_explained_customer('events') }}
