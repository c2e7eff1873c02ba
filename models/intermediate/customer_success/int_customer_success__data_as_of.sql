{{ config(materialized='table') }}

-- D3: the instant of each organization's most recent data
{%- set instants = [
    ('customer', 'updated_at'),
    ('insight', 'created_at'),
    ('insight', 'last_detected_at'),
    ('insight', 'resolved_at'),
    ('ai_expansion_opportunities', 'created_at'),
    ('ai_summary', 'created_at'),
    ('email_prop', 'sent_at'),
    ('chat_message', 'sent_at'),
    ('calendar_event_prop', 'start_time'),
    ('ticket', 'opened_at'),
    ('ticket', 'closed_at'),
    ('ticket_comment', 'created_at'),
    ('note', 'created_at'),
    ('user_api_token', 'updated_at'),
] %}

with

spine as (

    select distinct organization_id from {{ ref('int_customer_success__account_spine') }}

),

latest as (

    {% for table, column in instants -%}
    select
        organization_id,
        max({{ column }}) as latest_at

    from {{ ref('stg_platform__' ~ table) }}
    where {{ column }} <= {{ as_of() }}
    group by organization_id

    union all

    {% endfor -%}
    {% for model in ['stg_crm__accounts', 'stg_crm__estimates'] -%}
    {% for column in ['created_at', 'updated_at'] -%}
    select
        {{ var('crm_organization_id') }} as organization_id,
        max({{ column }}) as latest_at

    from {{ ref(model) }}
    where {{ column }} <= {{ as_of() }}
    {{ 'union all' if not loop.last }}

    {% endfor -%}
    {{ 'union all' if not loop.last }}

    {% endfor -%}
),

by_organization as (

    select
        spine.organization_id,
        coalesce(max(latest.latest_at), {{ as_of() }}) as data_as_of

    from spine
    left join latest on spine.organization_id = latest.organization_id
    group by spine.organization_id

)

select * from by_organization
