{%- set shared_columns = [
    'estimate_number', 'lmn_contact_id', 'estimate_type', 'project_name', 'version', 'status', 'pipeline_status',
    'division', 'address', 'salesperson', 'estimator', 'total_price', 'total_price_with_tax', 'estimate_date',
    'estimate_close_date', 'contract_start', 'contract_end',
] -%}
{%- set lmn_columns = [
    'contact_name', 'billing_address', 'referral', 'confidence_level', 'labor_hours', 'material_cost', 'labor_cost',
    'equipment_cost', 'other_costs', 'sub_costs', 'total_cost', 'total_overhead', 'breakeven', 'total_profit',
    'predicted_sales', 'proposal_first_shared', 'proposal_last_shared', 'proposal_last_updated',
] -%}

with

crm as (

    select * from {{ ref('stg_crm__estimates') }}

),

lmn as (

    select * from {{ ref('stg_lmn__estimates_list') }}

),

combined as (

    -- source-schema: an estimate known to both is one estimate, LMN's value wins where LMN has one; it keeps the CRM's
    -- id, which snoozes and the history of duplicates refer to
    select
        -- identifiers
        coalesce(crm.crm_estimate_id, 'lmn-estimate-' || lmn.lmn_estimate_id) as estimate_id,
        coalesce(lmn.lmn_estimate_id, crm.lmn_estimate_id) as lmn_estimate_id,
        crm.account_id as stated_account_id,
        crm.contact_id,

        -- dimensions, facts and dates that both know
        {% for column in shared_columns -%}
        coalesce(lmn.{{ column }}, crm.{{ column }}) as {{ column }},
        {% endfor -%}
        coalesce(lmn.archived, crm.archived, false) as archived,
        coalesce(lmn.exclude_stats, crm.exclude_stats, false) as exclude_stats,

        -- what only LMN knows
        {% for column in lmn_columns -%}
        lmn.{{ column }},
        {% endfor -%}

        -- what only the CRM knows: LMN's files hold no created_date, and the time of an import is none
        crm.created_date,
        crm.created_at,
        crm.updated_at,

        -- metadata
        crm.crm_estimate_id is not null as in_crm,
        lmn.lmn_estimate_id is not null as in_lmn,
        -- at-risk R12, D21: file order, the CRM's file first
        case when crm.crm_estimate_id is null then 1 else 0 end as source_rank,
        coalesce(crm.source_row, lmn.source_row) as source_row

    from crm
    full outer join lmn
        on crm.lmn_estimate_id = lmn.lmn_estimate_id

)

select * from combined
