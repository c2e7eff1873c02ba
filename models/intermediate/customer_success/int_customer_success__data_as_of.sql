{{ config(materialized='table') }}

-- D3: the instant of each organization's most recent data
with

spine as (

    select organization_id from {{ ref('int_customer_success__account_spine') }}

),

users as (

    select * from {{ ref('stg_platform__users') }}

),

topics as (

    select * from {{ ref('stg_platform__topic') }}

),

-- every organization that may have a row in any export
organizations as (

    select organization_id from spine

    union all

    select organization_id from users

    union all

    select organization_id from topics

    union all

    -- D24: the CRM's, whose estimates may have no account
    select cast({{ var('crm_organization_id') }} as bigint) as organization_id

),

latest as (

    {% for instant in data_instants() -%}
    select
        {{ var('crm_organization_id') if instant.is_crm else 'organization_id' }} as organization_id,
        max({{ instant.column }}) as latest_at

    from {{ ref(instant.model) }}
    where {{ instant.column }} <= {{ as_of() }}
    {{ 'group by organization_id' if not instant.is_crm }}

    {{ 'union all' if not loop.last }}

    {% endfor -%}
),

by_organization as (

    select
        organizations.organization_id,
        coalesce(max(latest.latest_at), {{ as_of() }}) as data_as_of

    from organizations
    left join latest on organizations.organization_id = latest.organization_id
    group by organizations.organization_id

)

select * from by_organization
