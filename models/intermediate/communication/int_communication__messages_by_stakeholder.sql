-- the messages of every channel, by customer and stakeholder
{%- set channels = {
    'email': 'emails',
    'chat': 'chat',
    'ticket_comment': 'ticket_comments',
    'ticket_opening': 'ticket_openings',
} %}

with
{% for relation in channels.values() %}
{{ relation }} as (

    select * from {{ ref('int_communication__' ~ relation ~ '_by_stakeholder') }}

),
{% endfor %}
messages as (
{% for channel, relation in channels.items() %}
    select
        '{{ channel }}' as channel,
        organization_id,
        customer_id,
        stakeholder_id,

        scored_messages,
        messages_with_sentiment,
        weight,
        positive_weight,
        neutral_weight,
        negative_weight,

        last_message_at,
        last_act_at

    from {{ relation }}
    {{ 'union all' if not loop.last }}
{% endfor %}
)

select * from messages
