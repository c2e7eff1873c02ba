-- D8, D9: the revenue of the accounts' won estimates in each year, by division
with

estimate_years as (

    select * from {{ ref('int_revenue__estimate_years') }}

),

rounded as (

    {{ rounded_revenue('estimate_years', 'division') }}

),

accounts as (

    select
        division,
        revenue_year,
        count(distinct account_id) as accounts

    from estimate_years
    group by division, revenue_year

),

final as (

    select
        -- key
        cast({{ var('crm_organization_id') }} as bigint) as organization_id,
        rounded.revenue_year as year,
        rounded.division,

        -- facts
        cast(rounded.estimates_count as integer) as contracts,
        cast(accounts.accounts as integer) as accounts,
        cast(rounded.revenue_cents * 0.01 as numeric(18, 2)) as revenue

    from rounded
    inner join accounts
        on rounded.division = accounts.division and rounded.revenue_year = accounts.revenue_year

)

select * from final
