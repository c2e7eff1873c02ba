with

source as (

    select * from {{ source('crm', 'estimates') }}

),

blank_divisions as (

    select * from {{ ref('blank_divisions') }}

),

cleaned as (

    select
        -- identifiers
        source.id as crm_estimate_id,
        source.lmn_estimate_id,
        source.estimate_number,
        source.account_id,
        source.contact_id,
        source.lmn_contact_id,

        -- dimensions
        source.estimate_type,
        source.project_name,
        source.version,
        source.status,
        source.pipeline_status,
        source.address,
        source.salesperson,
        source.estimator,
        source.archived,
        source.exclude_stats,
        -- LMN's spellings of "no division", including a blank one, reach the CRM too
        case
            when blank_divisions.spelling is null and not {{ is_blank('source.division') }} then source.division
        end as division,

        -- facts
        source.total_price,
        source.total_price_with_tax,

        -- dates
        source.estimate_date,
        source.estimate_close_date,
        source.contract_start,
        source.contract_end,
        source.created_date,
        source.created_at,
        source.updated_at,

        -- metadata
        source._row as source_row

    from source
    left join blank_divisions
        on {{ fold_text('source.division') }} = blank_divisions.spelling

)

select * from cleaned
