{{ config(materialized='table') }}

-- D27, D31, D33, scores: a customer's meetings, aggregated
with

meetings as (

    select * from {{ ref('int_communication__meetings') }}

),

attendance as (

    select * from {{ ref('int_communication__attendance') }}

),

silent_people as (

    select * from {{ ref('int_communication__silent_people') }}

),

decay as (

    select * from {{ ref('score_decay') }}

),

engaged as (

    select
        attendance.organization_id,
        attendance.event_id,
        bool_or(silent_people.person_id is null) as is_scored

    from attendance
    left join silent_people
        on
            attendance.organization_id = silent_people.organization_id
            and attendance.is_team = silent_people.is_team
            and attendance.person_id = silent_people.person_id
    where not attendance.is_team
    group by attendance.organization_id, attendance.event_id

),

described as (

    select
        meetings.organization_id,
        meetings.customer_id,
        meetings.microseconds,
        meetings.is_held,
        meetings.is_qbr,
        meetings.is_confirmed,
        meetings.end_fault,
        engaged.event_id is not null as is_engaged,
        meetings.start_time,
        case
            when engaged.is_scored then {{ whole_days_between("meetings.start_time", as_of()) }}
        end as age_days

    from meetings
    left join engaged
        on meetings.organization_id = engaged.organization_id and meetings.event_id = engaged.event_id

),

by_customer as (

    select
        described.organization_id,
        described.customer_id,

        count(*) filter (where {{ in_communication_window("described.start_time") }}) as meetings,
        cast(coalesce(
            sum(described.microseconds) filter (where {{ in_communication_window("described.start_time") }}), 0
        ) as bigint) as microseconds,
        cast(coalesce(sum(decay.weight), 0) as bigint) as weight,
        count(*) filter (where described.is_held and described.end_fault is not null) as meetings_without_valid_end,

        max(described.start_time) filter (where described.is_held) as last_meeting_at,
        max(described.start_time) filter (where described.is_held and described.is_engaged) as last_engaged_meeting_at,
        max(described.start_time) filter (where described.is_held and described.is_qbr) as last_qbr_at,
        min(described.start_time) filter (where not described.is_held) as next_meeting_at,
        min(described.start_time) filter (
            where not described.is_held and described.is_qbr and described.is_confirmed
        ) as next_qbr_at

    from described
    left join decay on described.age_days = decay.age_days
    group by described.organization_id, described.customer_id

)

select * from by_customer
