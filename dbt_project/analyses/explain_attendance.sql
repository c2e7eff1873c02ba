-- who attended the account's held meetings, one row per person and meeting
with

attendance as (

    select * from {{ ref('int_communication__attendance') }}

),

customers as (

    select * from {{ ref('stg_platform__customer') }}

),

users as (

    select * from {{ ref('stg_platform__users') }}

),

stakeholders as (

    select * from {{ ref('stg_platform__stakeholder') }}

)

select
    attendance.event_id as meeting_id,
    attendance.start_time,
    coalesce(users.email, stakeholders.stakeholder_name, cast(attendance.person_id as {{ text_type() }})) as person,
    {{ round_half_up('attendance.microseconds', 3600000000, 2) }} as hours,
    {{ seconds_of('attendance.microseconds') }} as seconds,
    attendance.person_id,
    attendance.is_team,
    coalesce(attendance.is_team and attendance.person_id = customers.owner_id, false) as is_owners,
    {{ in_communication_window('attendance.start_time') }} as is_counted

from attendance
inner join customers
    on attendance.organization_id = customers.organization_id and attendance.customer_id = customers.customer_id
left join users
    on
        attendance.organization_id = users.organization_id
        and attendance.person_id = users.user_id
        and attendance.is_team
left join stakeholders
    on
        attendance.organization_id = stakeholders.organization_id
        and attendance.person_id = stakeholders.stakeholder_id
        and not attendance.is_team
where {{ is_explained_customer('attendance') }}
