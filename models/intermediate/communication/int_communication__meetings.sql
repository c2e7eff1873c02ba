{{ config(materialized='table') }}

-- D31: meetings that are not cancelled; held ones started not after the run's instant
with

events as (

    select * from {{ ref('stg_platform__calendar_event_prop') }}

),

meetings as (

    select
        organization_id,
        event_id,
        customer_id,

        -- hours are at most a day's, and none where the end is missing or before the start
        case
            when end_time is null or end_time < start_time then 0
            when {{ seconds_between("start_time", "end_time") }} > 86400 then 86400
            else {{ seconds_between("start_time", "end_time") }}
        end as seconds,

        start_time <= {{ as_of() }} as is_held,
        meeting_status is not distinct from 'confirmed' as is_confirmed,
        meeting_kind is not distinct from 'qbr' as is_qbr,
        start_time <= {{ as_of() }} and (end_time is null or end_time < start_time) as has_no_valid_end,

        start_time

    from events
    where meeting_status is distinct from 'cancelled'

)

select * from meetings
