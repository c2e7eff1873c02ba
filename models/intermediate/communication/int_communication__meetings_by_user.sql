{{ config(materialized='table') }}

-- D31, D34: the held meetings that each user attended
with

attendance as (

    select * from {{ ref('int_communication__attendance') }}

),

by_user as (

    select
        organization_id,
        customer_id,
        person_id as user_id,

        count(*) filter (where {{ in_communication_window("start_time") }}) as meetings,
        cast(coalesce(
            sum(microseconds) filter (where {{ in_communication_window("start_time") }}), 0
        ) as bigint) as microseconds,
        cast(coalesce(
            sum(microseconds) filter (where {{ in_last_days("start_time", var("effort_window_days")) }}), 0
        ) as bigint) as effort_microseconds

    from attendance
    where is_team
    group by organization_id, customer_id, person_id

)

select * from by_user
