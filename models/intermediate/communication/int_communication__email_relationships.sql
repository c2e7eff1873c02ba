-- related stakeholder_fact: how many users each stakeholder of a customer exchanged e-mails with, in either direction
with

messages as (

    select * from {{ ref('int_communication__email_messages') }}

),

by_stakeholder as (

    select
        organization_id,
        customer_id,
        stakeholder_id,
        count(distinct user_id) as users

    from messages
    where stakeholder_id is not null and {{ in_communication_window("sent_at") }}
    group by organization_id, customer_id, stakeholder_id

)

select * from by_stakeholder
