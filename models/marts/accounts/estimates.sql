with

estimates as (

    select * from {{ ref('int_estimates__dated') }}

),

final as (

    select
        -- identifiers
        estimate_id as id,
        lmn_estimate_id,
        estimate_number,
        account_id,
        contact_id,
        lmn_contact_id,
        stated_account_id,

        -- dimensions
        estimate_type,
        project_name,
        version,
        status,
        pipeline_status,
        division,
        address,
        salesperson,
        estimator,
        contact_name,
        billing_address,
        referral,
        link_method,
        year_basis,

        -- facts
        total_price,
        total_price_with_tax,
        price_used,
        duration_months,
        contract_years,
        first_year,
        confidence_level,
        labor_hours,
        material_cost,
        labor_cost,
        equipment_cost,
        other_costs,
        sub_costs,
        total_cost,
        total_overhead,
        breakeven,
        total_profit,
        predicted_sales,

        -- flags
        archived,
        exclude_stats,
        is_won,
        price_fallback,
        is_duration_typo,
        reversed_dates,
        in_crm,
        in_lmn,

        -- dates
        estimate_date,
        estimate_close_date,
        contract_start,
        contract_end,
        proposal_first_shared,
        proposal_last_shared,
        proposal_last_updated,
        created_date,
        created_at,
        updated_at,

        -- metadata
        source_rank,
        source_row

    from estimates

)

select * from final
