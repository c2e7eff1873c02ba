-- D31: how many people attend each meeting, including future ones
with

attending as (

    select * from {{ ref('int_communication__invited_people') }}
    where is_attending

),

by_meeting as (

    select
        organization_id,
        event_id,
        count(*) filter (where is_team) as users,
        count(*) filter (where not is_team) as stakeholders

    from attending
    group by organization_id, event_id

)

select * from by_meeting
