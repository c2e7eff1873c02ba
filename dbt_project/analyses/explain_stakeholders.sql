-- the account's stakeholders, and others who acted for it (D32, D33)
with

own as (

    select * from {{ ref('stg_platform__stakeholder') }} as stakeholders
    where {{ is_explained_customer('stakeholders') }}

),

known_stakeholders as (

    {{ stakeholder_deeds() | indent(4) }}

),

deeds as (

    select * from known_stakeholders
    where {{ is_explained_customer('known_stakeholders') }} and stakeholder_id is not null

),

people as (

    select * from {{ ref('stg_platform__stakeholder') }}

),

listed as (

    select
        coalesce(own.organization_id, deeds.organization_id) as organization_id,
        coalesce(own.stakeholder_id, deeds.stakeholder_id) as stakeholder_id,
        own.stakeholder_id is not null as is_own,
        coalesce(own.is_opted_out, not deeds.is_scored) as is_opted_out,
        coalesce(own.is_muted, deeds.is_muted) as is_muted,
        deeds.last_act_at,
        coalesce(deeds.is_active, false) as is_active

    from own
    full outer join deeds
        on own.organization_id = deeds.organization_id and own.stakeholder_id = deeds.stakeholder_id

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
