-- D9, D12: over all years an account's revenue is the sum of its estimates' prices, apart from each year's rounding,
-- and a year's total is the sum of its accounts' revenue. A row here is an account or a year that breaks this.
with

estimates as (

    select distinct
        estimate_id,
        account_id,
        price_cents

    from {{ ref('int_revenue__estimate_years') }}

),

revenue as (

    select * from {{ ref('account_revenue_by_year') }}

),

prices as (

    select
        account_id,
        sum(price_cents) as cents

    from estimates
    group by account_id

),

by_account as (

    select
        account_id,
        sum(revenue) * 100 as cents,
        count(*) as years

    from revenue
    group by account_id

),

by_year as (

    select
        year,
        max(total) as largest_total,
        min(total) as smallest_total,
        sum(revenue) as revenue

    from revenue
    group by year

)

select
    coalesce(prices.account_id, by_account.account_id) as account_or_year,
    prices.cents as expected,
    by_account.cents as found
from prices
full outer join by_account
    on prices.account_id = by_account.account_id
where coalesce(abs(prices.cents - by_account.cents) * 2 > by_account.years, true)

union all

select
    cast(year as {{ text_type() }}) as account_or_year,
    largest_total as expected,
    revenue as found
from by_year
where largest_total <> revenue or smallest_total <> revenue
