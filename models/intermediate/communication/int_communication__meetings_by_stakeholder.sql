{{ config(materialized='table') }}

-- D32, D33: the last held meeting that each stakeholder attended
with

attendance as (

    select * from {{ ref('int_communication__attendance') }}

),

by_stakeholder as (

    select
        organization_id,
        customer_id,
        person_id as stakeholder_id,
        max(start_time) as last_attended_at

    from attendance
    where not is_team
    group by organization_id, customer_id, person_id

)

select * from by_stakeholder
