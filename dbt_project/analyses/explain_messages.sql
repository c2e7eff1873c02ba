-- the account's e-mails, chat messages, ticket comments and tickets opened, one row each, with what each counts for
{%- set channels = [
    ('email', 'email_messages'),
    ('chat', 'chat_messages'),
    ('ticket comment', 'ticket_comments'),
    ('ticket opened', 'ticket_openings'),
] %}

with
{% for channel, messages in channels %}
{{ messages }} as (

    select * from {{ ref('int_communication__' ~ messages) }} as of_all
    where {{ is_explained_customer('of_all') }}

),
{% endfor %}
messages as (
{% for channel, messages in channels %}
    select
        '{{ channel }}' as channel,
        organization_id,
        customer_id,
        thread_id,
        message_id,
        user_id,
        stakeholder_id,
        sentiment,
        is_from_team,
        sent_at

    from {{ messages }}
    {{ 'union all' if not loop.last }}
{% endfor %}
),

customers as (

    select * from {{ ref('stg_platform__customer') }}

),

users as (

    select * from {{ ref('stg_platform__users') }}

),

stakeholders as (

    select * from {{ ref('stg_platform__stakeholder') }}

),

decay as (

    select * from {{ ref('score_decay') }}

)

select
    messages.channel,
    messages.thread_id,
    messages.message_id,
    messages.sent_at,
    case when messages.is_from_team then 'team' else 'account' end as side,
    coalesce(users.email, cast(messages.user_id as {{ text_type() }})) as team_member,
    coalesce(stakeholders.stakeholder_name, cast(messages.stakeholder_id as {{ text_type() }})) as stakeholder,
    messages.sentiment,
    messages.is_from_team,
    coalesce(messages.user_id = customers.owner_id, false) as is_owners,
    coalesce(stakeholders.is_decision_maker, false) as is_decision_makers,
    messages.sent_at <= {{ as_of() }} as is_past,
    {{ in_communication_window('messages.sent_at') }} as is_counted,
    -- scores: the account's messages of the window, of people who have not opted out
    case when not coalesce(stakeholders.is_opted_out, false) then decay.age_days end as age_days,
    case when not coalesce(stakeholders.is_opted_out, false) then cast(decay.weight * 0.0001 as numeric(9, 4)) end as weight

from messages
inner join customers
    on messages.organization_id = customers.organization_id and messages.customer_id = customers.customer_id
left join users
    on messages.organization_id = users.organization_id and messages.user_id = users.user_id
left join stakeholders
    on messages.organization_id = stakeholders.organization_id and messages.stakeholder_id = stakeholders.stakeholder_id
left join decay
    on
        not messages.is_from_team
        and messages.sent_at <= {{ as_of() }}
        and {{ whole_days_between('messages.sent_at', as_of()) }} = decay.age_days
