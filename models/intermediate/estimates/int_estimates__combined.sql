{%- set shared_columns = [
    'estimate_number', 'lmn_contact_id', 'estimate_type', 'project_name', 'version', 'status', 'pipeline_status',
    'division', 'address', 'salesperson', 'estimator', 'total_price', 'total_price_with_tax', 'estimate_date',
    'estimate_close_date', 'contract_start', 'contract_end',
] -%}
{%- set lmn_columns = [
    'contact_name', 'email', 'phone_1', 'phone_2', 'crm_tags', 'billing_address', 'referral', 'confidence_level', 'labor_hours', 'material_cost', 'labor_cost',
    'equipment_cost', 'other_costs', 'sub_costs', 'total_cost', 'total_overhead', 'breakeven', 'total_profit',
    'predicted_sales', 'proposal_first_shared', 'proposal_last_shared', 'proposal_last_updated',
] -%}

with

crm as (

    select * from {{ ref('stg_crm__estimates') }}

),

lmn as (

    select * from {{ ref('int_estimates__lmn_matched') }}

),

crm_estimates as (

    -- source-schema, contracts estimate: an estimate that both know is one estimate. LMN's value wins where LMN has
    -- one; the CRM's id stays, because the history of duplicates refers to it
    select
        -- identifiers
        crm.crm_estimate_id as estimate_id,
        coalesce(crm.lmn_estimate_id, lmn.lmn_estimate_id) as lmn_estimate_id,
        crm.account_id as stated_account_id,
        crm.contact_id,

        -- columns of both
        {% for column in shared_columns -%}
        coalesce(lmn.{{ column }}, crm.{{ column }}) as {{ column }},
        {% endfor -%}
        coalesce(lmn.archived, crm.archived, false) as archived,
        coalesce(lmn.exclude_stats, crm.exclude_stats, false) as exclude_stats,

        -- columns of LMN only
        {% for column in lmn_columns -%}
        lmn.{{ column }},
        {% endfor -%}

        -- columns of the CRM only
        crm.created_date,
        crm.created_at,
        crm.updated_at,

        -- metadata
        true as in_crm,
        lmn.lmn_estimate_id is not null as in_lmn,
        -- at-risk R12, D21: its position in file order
        0 as source_rank,
        crm.source_row

    from crm
    left join lmn
        on
            crm.crm_estimate_id = lmn.crm_estimate_id
            and lmn.crm_choice = 1

),

lmn_estimates as (

    select
        'lmn-estimate-' || lmn_estimate_id as estimate_id,
        lmn_estimate_id,
        cast(null as {{ text_type() }}) as stated_account_id,
        cast(null as {{ text_type() }}) as contact_id,
        {% for column in shared_columns -%}
        {{ column }},
        {% endfor -%}
        coalesce(archived, false) as archived,
        coalesce(exclude_stats, false) as exclude_stats,
        {% for column in lmn_columns -%}
        {{ column }},
        {% endfor -%}
        -- lmn-format: the file has no such column, and the time of an import must not fill it
        cast(null as date) as created_date,
        cast(null as timestamp) as created_at,
        cast(null as timestamp) as updated_at,
        false as in_crm,
        true as in_lmn,
        1 as source_rank,
        source_row

    from lmn
    where crm_estimate_id is null

),

combined as (

    select * from crm_estimates

    union all

    select * from lmn_estimates

)

select * from combined
