{{ config(materialized='table') }}

-- D31: meetings that are not cancelled; those that started by the run's instant are held
with

events as (

    select * from {{ ref('stg_platform__calendar_event_prop') }}

),

not_cancelled as (

    select
        *,
        case
            when end_time is null then 'the meeting has no end'
            when end_time < start_time then 'the meeting ends before it starts'
        end as end_fault

    from events
    where meeting_status is distinct from 'cancelled'

),

meetings as (

    select
        organization_id,
        event_id,
        customer_id,

        organizer_email,

        -- exact, at most a day, and 0 if the end is missing or before the start
        cast(case
            when end_fault is not null then 0
            else least({{ microseconds_between("start_time", "end_time") }}, 86400000000)
        end as bigint) as microseconds,

        start_time <= {{ as_of() }} as is_held,
        coalesce(meeting_status = 'confirmed', false) as is_confirmed,
        coalesce(meeting_kind = 'qbr', false) as is_qbr,
        coalesce(meeting_kind in ({{ call_kinds() }}), false) as is_call,
        end_fault,

        start_time

    from not_cancelled

)

select * from meetings
