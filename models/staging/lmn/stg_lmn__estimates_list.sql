with

source as (

    select * from {{ source('lmn', 'estimates_list') }}

),

blank_divisions as (

    select * from {{ ref('blank_divisions') }}

),

cleaned as (

    select
        -- identifiers
        source.lmn_estimate_id,
        source.lmn_estimate_id as estimate_number,
        source.crm_link as lmn_contact_id,

        -- dimensions
        source.estimate_type,
        source.project_name,
        source.version,
        source.contact_name,
        source.email,
        source.phone_1,
        source.phone_2,
        source.crm_tags,
        source.status,
        source.pipeline_status,
        source.address,
        source.billing_address,
        source.salesperson,
        source.estimator,
        source.referral,
        source.archived,
        source.exclude_stats,
        -- lmn-format: spellings of "no division"
        case when blank_divisions.spelling is null then source.division end as division,

        -- facts
        source.total_price,
        source.total_price_with_tax,
        source.confidence_level,
        source.labor_hours,
        source.material_cost,
        source.labor_cost,
        source.equipment_cost,
        source.other_costs,
        source.sub_costs,
        source.total_cost,
        source.total_overhead,
        source.breakeven,
        source.total_profit,
        source.predicted_sales,

        -- dates
        source.estimate_date,
        source.estimate_close_date,
        source.contract_start,
        source.contract_end,
        source.proposal_first_shared,
        source.proposal_last_shared,
        source.proposal_last_updated,

        -- metadata
        source._row as source_row

    from source
    left join blank_divisions
        on {{ fold_text('source.division') }} = blank_divisions.spelling

)

select * from cleaned
