-- the account's stakeholders, and others who acted for it (D32, D33)
with

own as (

    select * from {{ ref('stg_platform__stakeholder') }} as stakeholders
    where {{ is_explained_customer('stakeholders') }}

),

activity as (

    select * from {{ ref('int_communication__activity_by_stakeholder') }} as activity_of_all
    where {{ is_explained_customer('activity_of_all') }} and stakeholder_id is not null

),

people as (

    select * from {{ ref('stg_platform__stakeholder') }}

),

listed as (

    select
        coalesce(own.organization_id, activity.organization_id) as organization_id,
        coalesce(own.stakeholder_id, activity.stakeholder_id) as stakeholder_id,
        own.stakeholder_id is not null as is_own,
        coalesce(own.is_opted_out, not activity.is_scored) as is_opted_out,
        coalesce(own.is_muted, activity.is_muted) as is_muted,
        activity.last_act_at,
        coalesce(activity.is_active, false) as is_active

    from own
    full outer join activity
        on own.organization_id = activity.organization_id and own.stakeholder_id = activity.stakeholder_id

)

select
    listed.stakeholder_id,
    people.stakeholder_name as name,
    people.role,
    listed.last_act_at,
    listed.is_own,
    listed.is_opted_out,
    listed.is_muted,
    listed.is_active

from listed
left join people
    on listed.organization_id = people.organization_id and listed.stakeholder_id = people.stakeholder_id
