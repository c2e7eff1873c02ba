{{ config(materialized='table') }}

-- D30, D33, D36: the messages of every channel, aggregated by customer
with

messages as (

    select * from {{ ref('int_communication__messages_by_user') }}

),

customers as (

    select * from {{ ref('stg_platform__customer') }}

),

by_customer as (

    select
        messages.organization_id,
        messages.customer_id,
{% for channel in ["email", "chat", "ticket_comment", "ticket_opening"] %}
        cast(coalesce(sum(team_messages) filter (where channel = '{{ channel }}'), 0) as bigint)
            as {{ channel }}_team_messages,
        cast(coalesce(sum(account_messages) filter (where channel = '{{ channel }}'), 0) as bigint)
            as {{ channel }}_account_messages,
        cast(coalesce(sum(positive_messages) filter (where channel = '{{ channel }}'), 0) as bigint)
            as {{ channel }}_positive_messages,
        cast(coalesce(sum(negative_messages) filter (where channel = '{{ channel }}'), 0) as bigint)
            as {{ channel }}_negative_messages,
        max(last_team_message_at) filter (where channel = '{{ channel }}') as last_{{ channel }}_from_team_at,
        max(last_account_message_at) filter (where channel = '{{ channel }}') as last_{{ channel }}_from_account_at,
{% endfor %}
        cast(coalesce(sum(team_messages) filter (
            where channel = 'email' and messages.user_id = customers.owner_id
        ), 0) as bigint) as owner_emails,
        {% for messages, name in [
            ('account_messages', 'owner_received_emails'),
            ('account_positive_messages', 'owner_received_positive_emails'),
            ('account_negative_messages', 'owner_received_negative_emails'),
        ] -%}
        cast(coalesce(sum({{ messages }}) filter (
            where channel = 'email' and messages.user_id = customers.owner_id
        ), 0) as bigint) as {{ name }},
        {% endfor -%}
        cast(coalesce(sum(team_messages) filter (
            where channel = 'chat' and messages.user_id = customers.owner_id
        ), 0) as bigint) as owner_chat_messages,
        cast(coalesce(sum(account_messages) filter (
            where channel = 'ticket_opening' and messages.user_id = customers.owner_id
        ), 0) as bigint) as owner_tickets

    from messages
    inner join customers
        on messages.organization_id = customers.organization_id and messages.customer_id = customers.customer_id
    group by messages.organization_id, messages.customer_id

)

select * from by_customer
