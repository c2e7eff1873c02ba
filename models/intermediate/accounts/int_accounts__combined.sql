{{ config(materialized='table') }}

{%- set shared_columns = ['icp_status', 'tags', 'address_1', 'address_2', 'city', 'state', 'postal_code', 'country'] %}

with

crm as (

    select * from {{ ref('stg_crm__accounts') }}

),

lmn_rows as (

    select
        *,
        -- lmn-format: one account per CRM ID, from its primary contact's row, else its first row
        row_number() over (
            partition by lmn_crm_id
            order by
                case
                    when is_primary_contact then 0
                    when {{ starts_with('lmn_contact_id', 'p') }} then 1
                    else 2
                end asc nulls last,
                source_row asc nulls last
        ) as choice

    from {{ ref('stg_lmn__contacts_export') }}

),

lmn as (

    select * from lmn_rows
    where choice = 1

),

combined as (

    -- an account known to both keeps the CRM's values; LMN fills what the CRM lacks
    select
        -- identifiers
        coalesce(crm.crm_account_id, 'lmn-account-' || lmn.lmn_crm_id) as account_id,
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
        crm.crm_account_id is not null as in_crm,
        lmn.lmn_crm_id is not null as in_lmn,

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
    full outer join lmn
        on crm.lmn_crm_id = lmn.lmn_crm_id

),

completed as (

    select
        *,
        -- the accounts spec's defaults for what nobody states
        case when {{ is_blank('stated_account_type') }} then 'prospect' else stated_account_type end as account_type,
        case when {{ is_blank('stated_status') }} then 'active' else stated_status end as status,
        -- accounts R1, R2, D15
        archived or coalesce({{ fold_text('stated_status') }} = 'archived', false) as is_archived,
        -- D15: nobody states a status, nothing disagrees
        not {{ is_blank('stated_status') }}
        and archived <> ({{ fold_text('stated_status') }} = 'archived') as is_archive_conflict

    from combined

)

select * from completed
