-- the answers and open threads of the account's e-mails, chats and tickets (D28, D29)
{%- set channels = [
    ('email', 'email_messages', ['sent_at', 'message_id']),
    ('chat', 'chat_messages', ['sent_at', 'message_id']),
    ('ticket', 'ticket_messages', ['sent_at', 'message_rank', 'message_id']),
] %}

with
{% for channel, messages, order_by in channels %}
explained_{{ messages }} as (

    select * from {{ ref('int_communication__' ~ messages) }} as of_all
    where {{ is_explained_customer('of_all') }}

),

{{ channel }}_turns as (

    {{ thread_turns(
        messages='explained_' ~ messages,
        order_by=order_by,
        silent_people=ref('int_communication__silent_people'),
        constants=ref('int_health__constants'),
    ) | indent(4) }}

),
{% endfor %}
turns as (
{% for channel, messages, order_by in channels %}
    select
        '{{ channel }}' as channel,
        organization_id,
        thread_id,
        message_id,
        answered_message_id,
        person_id,
        is_from_team,
        is_answer,
        is_scored,
        is_open,
        seconds,
        answered_run_at,
        sent_at

    from {{ channel }}_turns
    {{ 'union all' if not loop.last }}
{% endfor %}
),

users as (

    select * from {{ ref('stg_platform__users') }}

),

stakeholders as (

    select * from {{ ref('stg_platform__stakeholder') }}

)

select
    turns.channel,
    turns.thread_id,
    turns.answered_message_id,
    turns.answered_run_at as asked_at,
    turns.message_id,
    turns.sent_at,
    case when turns.is_from_team then 'team' else 'account' end as side,
    coalesce(users.email, stakeholders.stakeholder_name, cast(turns.person_id as {{ text_type() }})) as person,
    {{ round_half_up('turns.seconds', 3600, 2) }} as hours,
    turns.seconds,
    turns.is_answer,
    turns.is_scored,
    turns.is_open

from turns
left join users
    on turns.organization_id = users.organization_id and turns.person_id = users.user_id and turns.is_from_team
left join stakeholders
    on turns.organization_id = stakeholders.organization_id and turns.person_id = stakeholders.stakeholder_id and not turns.is_from_team
