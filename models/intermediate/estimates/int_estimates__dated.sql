{{ config(materialized='table') }}

with

linked as (

    select * from {{ ref('int_estimates__linked') }}

),

won_statuses as (

    select * from {{ ref('won_statuses') }}

),

won as (

    select
        linked.*,
        -- D4, at-risk R2, accounts R5, contracts status-determination: LMN's pipeline first, then the status
        coalesce({{ starts_with(fold_text('linked.pipeline_status'), 'sold') }}, false)
        or won_statuses.status is not null as is_won

    from linked
    left join won_statuses
        on {{ fold_text('linked.status') }} = won_statuses.status

),

priced as (

    select
        *,
        {% if var('price_preference') == 'total_price' -%}
        -- D5, contracts price-priority: a zero total_price stays zero
        cast(coalesce(total_price, total_price_with_tax, 0) as numeric(12, 2)) as price_used,
        total_price is null and total_price_with_tax is not null as price_fallback
        {%- elif var('price_preference') == 'total_price_with_tax' -%}
        -- accounts R7, R8
        cast(case
            when total_price_with_tax > 0 then total_price_with_tax
            else coalesce(total_price, 0)
        end as numeric(12, 2)) as price_used,
        coalesce(total_price_with_tax, 0) <= 0 and coalesce(total_price, 0) > 0 as price_fallback
        {%- else -%}
        {{ exceptions.raise_compiler_error(
            "the var price_preference is '" ~ var('price_preference') ~ "': give total_price or total_price_with_tax"
        ) }}
        {%- endif %}

    from won

),

durations as (

    select
        *,
        -- accounts R21, D7: whole months, plus one if the end's day of the month is after the start's
        {{ month_number('contract_end') }} - {{ month_number('contract_start') }}
        + case
            when extract(day from contract_end) > extract(day from contract_start) then 1
            else 0
        end as duration_months

    from priced

),

contract_terms as (

    select
        *,
        -- accounts R10, R22, R23, D7: the ceiling of months / 12, at least 1
        case
            when duration_months <= 12 then 1
            when duration_months > 12 then cast({{ integer_divide('duration_months + 11', 12) }} as integer)
        end as contract_years,
        -- accounts R24 to R27: a flag, never a correction
        coalesce(duration_months > 0 and duration_months % 12 = 1, false) as is_duration_typo,
        coalesce(duration_months <= 0, false) as reversed_dates,
        -- D8, accounts R6, contracts year-priority
        case
            when contract_start is not null and contract_end is not null then 'contract_term'
            when contract_end is not null then 'contract_end'
            when contract_start is not null then 'contract_start'
            when estimate_date is not null then 'estimate_date'
            when created_date is not null then 'created_date'
            else 'selected_year'
        end as year_basis

    from durations

),

dated as (

    select
        *,
        case year_basis
            when 'contract_term' then {{ year_of('contract_start') }}
            when 'contract_end' then {{ year_of('contract_end') }}
            when 'contract_start' then {{ year_of('contract_start') }}
            when 'estimate_date' then {{ year_of('estimate_date') }}
            when 'created_date' then {{ year_of('created_date') }}
            else {{ selected_year() }}
        end as first_year,
        {{ estimate_outcome() }} as outcome,
        -- win_loss year: one year, whatever the length of the contract
        coalesce(
            {{ year_of('contract_end') }},
            {{ year_of('contract_start') }},
            {{ year_of('estimate_date') }},
            {{ year_of('created_date') }},
            {{ selected_year() }}
        ) as outcome_year

    from contract_terms

)

select * from dated
