-- D35: the provider of each kind of connection, by customer
with

candidates as (

    select * from {{ ref('int_customer_success__provider_candidates') }}

),

customers as (

    select * from {{ ref('stg_platform__customer') }}

),

chosen as (

    select
        whose,
        organization_id,
        user_id,

        {% for kind in ['email', 'calendar', 'chat', 'ticket'] -%}
        max(provider) filter (where token_kind = '{{ kind }}') as {{ kind }}_provider{{ ',' if not loop.last }}
        {% endfor %}
    from candidates
    where place = 1
    group by whose, organization_id, user_id

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
    left join chosen as owners
        on
            customers.organization_id = owners.organization_id
            and customers.owner_id = owners.user_id
            and owners.whose = 'user'
    left join chosen as organizations
        on customers.organization_id = organizations.organization_id and organizations.whose = 'organization'

)

select * from by_customer
