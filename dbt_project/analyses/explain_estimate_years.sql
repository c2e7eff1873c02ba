-- the share of each won estimate in each year's revenue (D5, D7, D8, D9)
with

estimate_years as (

    select * from {{ ref('int_revenue__estimate_years') }}
    where {{ is_explained_crm_account('account_id') }}

),

estimates as (

    select * from {{ ref('estimates') }}

)

select
    estimate_years.revenue_year as year,
    estimates.id as estimate_id,
    estimates.estimate_number,
    estimates.estimate_type,
    estimates.price_used,
    estimates.price_fallback,
    estimates.contract_start,
    estimates.contract_end,
    estimates.duration_months,
    estimates.contract_years,
    estimates.year_basis,
    estimates.link_method,
    estimate_years.shares,
    {{ round_half_up('estimate_years.price_cents', '100 * estimate_years.shares', 6) }} as share,
    estimate_years.revenue_year = {{ selected_year() }} as is_selected_year

from estimate_years
inner join estimates on estimate_years.estimate_id = estimates.id
