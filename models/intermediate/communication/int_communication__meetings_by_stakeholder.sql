{{ config(materialized='table') }}

-- D31 to D33, related stakeholder_fact: the meetings that each stakeholder was invited to, accepted and attended
with

meetings as (

    select * from {{ ref('int_communication__meetings') }}

),

invited as (

    select * from {{ ref('int_communication__invited_people') }}
    where not is_team

),

invitations as (

    select
        meetings.organization_id,
        meetings.customer_id,
        invited.person_id as stakeholder_id,
        invited.is_attending,
        invited.is_accepted,
        meetings.is_held,
        meetings.is_call,
        meetings.start_time

    from meetings
    inner join invited
        on meetings.organization_id = invited.organization_id and meetings.event_id = invited.event_id

),

by_stakeholder as (

    select
        organization_id,
        customer_id,
        stakeholder_id,

{% for figure, condition in [
    ('invited_meetings', 'true'),
    ('accepted_meetings', 'is_accepted'),
    ('attended_meetings', 'is_attending'),
    ('accepted_calls', 'is_call and is_accepted'),
    ('attended_calls', 'is_call and is_attending'),
    ('kept_calls', 'is_call and is_accepted and is_attending'),
] %}
        count(*) filter (where {{ condition }} and {{ in_communication_window("start_time") }}) as {{ figure }},
{% endfor %}
        max(start_time) filter (where is_held) as last_invited_at,
        max(start_time) filter (where is_held and is_attending) as last_attended_at,
        min(start_time) filter (where not is_held and is_attending) as next_meeting_at

    from invitations
    group by organization_id, customer_id, stakeholder_id

)

select * from by_stakeholder
