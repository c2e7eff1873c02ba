-- D31: attending people of held meetings, each once a meeting
with

meetings as (

    select * from {{ ref('int_communication__meetings') }}

),

attendees as (

    select * from {{ ref('stg_platform__calendar_event_attendee') }}

),

attending as (

    select
        organization_id,
        event_id,
        true as is_team,
        user_id as person_id

    from attendees
    where is_attending and user_id is not null

    union

    select
        organization_id,
        event_id,
        false as is_team,
        stakeholder_id as person_id

    from attendees
    where is_attending and stakeholder_id is not null

),

attendance as (

    select
        meetings.organization_id,
        meetings.event_id,
        meetings.customer_id,
        attending.person_id,
        meetings.microseconds,
        attending.is_team,
        meetings.start_time

    from meetings
    inner join attending
        on meetings.organization_id = attending.organization_id and meetings.event_id = attending.event_id
    where meetings.is_held

)

select * from attendance
