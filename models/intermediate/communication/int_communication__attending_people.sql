-- D31: who attends each meeting, held or not, each once
with

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

)

select * from attending
