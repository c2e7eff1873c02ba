{{ config(materialized='table') }}

with

estimate_years as (

    select
        account_id,
        revenue_year,
        shares,
        price_cents,
        -- accounts R15, R16, D12: zero-priced estimates count too
        case when estimate_type = 'standard' then 1 else 0 end as has_standard,
        case when estimate_type = 'service' then 1 else 0 end as has_service

    from {{ ref('int_revenue__estimate_years') }}

),

rounded as (

    {{ rounded_revenue('estimate_years', 'account_id', maxima=['has_standard', 'has_service']) }}

),

totals as (

    -- contracts segments: each year has its own total, the sum of its accounts' revenue
    select
        revenue_year,
        cast(sum(revenue_cents) as bigint) as total_cents

    from rounded
    group by revenue_year

),

segmented as (

    select
        rounded.*,
        totals.total_cents,
        -- accounts R12, R13, R14, R15, R16, D12
        case
            {% for rule in segment_rules() -%}
            when {{ rule.condition }} then '{{ rule.segment }}'
            {% endfor -%}
        end as segment,
        -- for display only; null if the total is not positive
        {{ round_half_up('rounded.revenue_cents', 'case when totals.total_cents > 0 then totals.total_cents end', 6) }}
            as share

    from rounded
    inner join totals
        on rounded.revenue_year = totals.revenue_year

),

final as (

    select
        -- identifiers
        account_id,
        revenue_year as year,

        -- facts
        cast(revenue_cents * 0.01 as numeric(18, 2)) as revenue,
        cast(total_cents * 0.01 as numeric(18, 2)) as total,
        cast(share as numeric(24, 6)) as share,
        segment,
        cast(estimates_count as integer) as estimates_count

    from segmented

)

select * from final
