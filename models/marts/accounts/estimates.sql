with

estimates as (

    select * from {{ ref('int_estimates__dated') }}

),

platform_ids as (

    select * from {{ ref('int_customer_success__platform_ids') }}

),

final as (

    select
        -- identifiers
        estimates.estimate_id as id,
        estimates.lmn_estimate_id,
        estimates.estimate_number,
        estimates.account_id,
        estimates.contact_id,
        estimates.lmn_contact_id,
        estimates.stated_account_id,

        -- dimensions
        estimates.estimate_type,
        estimates.project_name,
        estimates.version,
        estimates.status,
        estimates.pipeline_status,
        estimates.division,
        estimates.address,
        estimates.salesperson,
        estimates.estimator,
        estimates.contact_name,
        estimates.billing_address,
        estimates.referral,
        estimates.link_method,
        estimates.year_basis,

        -- facts
        estimates.total_price,
        estimates.total_price_with_tax,
        estimates.price_used,
        estimates.duration_months,
        estimates.contract_years,
        estimates.first_year,
        estimates.confidence_level,
        estimates.labor_hours,
        estimates.material_cost,
        estimates.labor_cost,
        estimates.equipment_cost,
        estimates.other_costs,
        estimates.sub_costs,
        estimates.total_cost,
        estimates.total_overhead,
        estimates.breakeven,
        estimates.total_profit,
        estimates.predicted_sales,

        -- flags
        estimates.archived,
        estimates.exclude_stats,
        estimates.is_won,
        estimates.price_fallback,
        estimates.is_duration_typo,
        estimates.reversed_dates,
        estimates.in_crm,
        estimates.in_lmn,

        -- dates
        estimates.estimate_date,
        estimates.estimate_close_date,
        estimates.contract_start,
        estimates.contract_end,
        estimates.proposal_first_shared,
        estimates.proposal_last_shared,
        estimates.proposal_last_updated,
        estimates.created_date,
        estimates.created_at,
        estimates.updated_at,

        -- metadata
        estimates.source_rank,
        estimates.source_row,
        -- new columns come last, because some readers use positions
        estimates.outcome,

        -- the account's id in the platform's tables
        platform_ids.platform_account_id

    from estimates
    left join platform_ids
        on estimates.account_id = platform_ids.crm_account_id

)

select * from final
