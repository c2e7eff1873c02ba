-- D31: the people who attended held meetings, each once per meeting
with

meetings as (

    select * from {{ ref('int_communication__meetings') }}

),

attending as (

    select * from {{ ref('int_communication__invited_people') }}
    where is_attending

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
