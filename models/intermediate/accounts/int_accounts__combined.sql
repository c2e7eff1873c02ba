{{ config(materialized='table') }}

{%- set shared_columns = ['icp_status', 'tags', 'address_1', 'address_2', 'city', 'state', 'postal_code', 'country'] %}

with

crm as (

    select * from {{ ref('stg_crm__accounts') }}

),

lmn as (

    select * from {{ ref('int_accounts__lmn_accounts_matched') }}

),

crm_accounts as (

    -- an account that both know keeps the CRM's id and values; LMN fills what the CRM lacks
    select
        -- identifiers
        crm.crm_account_id as account_id,
        coalesce(crm.lmn_crm_id, lmn.lmn_crm_id) as lmn_crm_id,

        -- dimensions
        {{ first_present('crm.name', 'lmn.name') }} as name,
        {{ first_present('crm.account_type', 'lmn.account_type') }} as stated_account_type,
        crm.status as stated_status,
        crm.stored_revenue_segment,
        {% for column in shared_columns -%}
        {{ first_present('crm.' ~ column, 'lmn.' ~ column) }} as {{ column }},
        {% endfor -%}
        coalesce(crm.archived, lmn.archived, false) as archived,

        -- facts
        crm.stored_annual_revenue,
        crm.organization_score,

        -- dates
        crm.last_interaction_date,
        crm.renewal_date,
        crm.snoozed_until,
        crm.created_date,
        crm.created_at,
        crm.updated_at

    from crm
    left join lmn
        on
            crm.crm_account_id = lmn.crm_account_id
            and lmn.crm_choice = 1

),

lmn_accounts as (

    select
        'lmn-account-' || lmn_crm_id as account_id,
        lmn_crm_id,
        name,
        account_type as stated_account_type,
        cast(null as {{ text_type() }}) as stated_status,
        cast(null as {{ text_type() }}) as stored_revenue_segment,
        {% for column in shared_columns -%}
        {{ column }},
        {% endfor -%}
        coalesce(archived, false) as archived,
        cast(null as numeric(12, 2)) as stored_annual_revenue,
        cast(null as numeric(7, 2)) as organization_score,
        cast(null as timestamp) as last_interaction_date,
        cast(null as timestamp) as renewal_date,
        cast(null as timestamp) as snoozed_until,
        cast(null as timestamp) as created_date,
        cast(null as timestamp) as created_at,
        cast(null as timestamp) as updated_at

    from lmn
    where crm_account_id is null

),

combined as (

    select * from crm_accounts

    union all

    select * from lmn_accounts

),

completed as (

    select
        *,
        -- the accounts spec's defaults where neither source has a value
        case when {{ is_blank('stated_account_type') }} then 'prospect' else stated_account_type end as account_type,
        case when {{ is_blank('stated_status') }} then 'active' else stated_status end as status,
        -- accounts R1, R2, contracts archive-status, D15
        archived or coalesce({{ fold_text('stated_status') }} = 'archived', false) as is_archived,
        -- D15: without a stated status there is no conflict
        not {{ is_blank('stated_status') }}
        and archived <> ({{ fold_text('stated_status') }} = 'archived') as is_archive_conflict

    from combined

)

select * from completed
