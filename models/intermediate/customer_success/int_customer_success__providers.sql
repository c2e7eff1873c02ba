-- D35: the provider of each kind of connection, by customer
with

tokens as (

    select * from {{ ref('stg_platform__user_api_token') }}
    where is_active and (updated_at is null or updated_at <= {{ as_of() }})

),

customers as (

    select * from {{ ref('stg_platform__customer') }}

),

-- a user's newest, ties to the higher id
newest as (

    select
        organization_id,
        user_id,
        token_kind,
        provider,
        row_number() over (
            partition by organization_id, user_id, token_kind
            order by updated_at desc nulls last, token_id desc nulls last
        ) as place

    from tokens

),

counted as (

    select
        organization_id,
        token_kind,
        provider,
        count(*) as tokens

    from tokens
    group by organization_id, token_kind, provider

),

commonest as (

    select
        organization_id,
        token_kind,
        provider,
        row_number() over (
            partition by organization_id, token_kind
            order by tokens desc nulls last, {{ text_order('provider') }} asc nulls last
        ) as place

    from counted

),

owners as (

    select
        organization_id,
        user_id,

        {% for kind in ['email', 'calendar', 'chat', 'ticket'] -%}
        max(provider) filter (where token_kind = '{{ kind }}') as {{ kind }}_provider{{ ',' if not loop.last }}
        {% endfor %}
    from newest
    where place = 1
    group by organization_id, user_id

),

organizations as (

    select
        organization_id,

        {% for kind in ['email', 'calendar', 'chat', 'ticket'] -%}
        max(provider) filter (where token_kind = '{{ kind }}') as {{ kind }}_provider{{ ',' if not loop.last }}
        {% endfor %}
    from commonest
    where place = 1
    group by organization_id

),

by_customer as (

    select
        customers.organization_id,
        customers.customer_id,

        coalesce(owners.email_provider, organizations.email_provider) as email_provider,
        coalesce(owners.calendar_provider, organizations.calendar_provider) as meeting_provider,
        coalesce(owners.chat_provider, organizations.chat_provider) as chat_provider,
        coalesce(owners.ticket_provider, organizations.ticket_provider) as ticket_provider

    from customers
    left join owners
        on customers.organization_id = owners.organization_id and customers.owner_id = owners.user_id
    left join organizations on customers.organization_id = organizations.organization_id

)

select * from by_customer
