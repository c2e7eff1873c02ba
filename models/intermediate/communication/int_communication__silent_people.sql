-- D30 to D34, scores: excluded users and opted-out stakeholders, who never count in scores
with

users as (

    select * from {{ ref('stg_platform__users') }}

),

stakeholders as (

    select * from {{ ref('stg_platform__stakeholder') }}

),

silent_people as (

    select
        organization_id,
        true as is_team,
        user_id as person_id

    from users
    where is_excluded

    union all

    select
        organization_id,
        false as is_team,
        stakeholder_id as person_id

    from stakeholders
    where is_opted_out

)

select * from silent_people
