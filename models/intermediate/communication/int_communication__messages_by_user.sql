-- the messages of every channel, by customer and user
{%- set channels = {
    'email': 'emails',
    'chat': 'chat',
    'ticket_comment': 'ticket_comments',
    'ticket_opening': 'ticket_openings',
} %}

with
{% for relation in channels.values() %}
{{ relation }} as (

    select * from {{ ref('int_communication__' ~ relation ~ '_by_user') }}

),
{% endfor %}
messages as (
{% for channel, relation in channels.items() %}
    select
        '{{ channel }}' as channel,
        organization_id,
        customer_id,
        user_id,

        team_messages,
        account_messages,
        positive_messages,
        negative_messages,
        account_positive_messages,
        account_negative_messages,
        effort_messages,
        past_messages,
        future_messages,

        last_team_message_at,
        last_account_message_at

    from {{ relation }}
    {{ 'union all' if not loop.last }}
{% endfor %}
)

select * from messages
