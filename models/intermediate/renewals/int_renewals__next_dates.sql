-- D25: the next renewal date of each account according to its contracts
with

candidates as (

    select * from {{ ref('int_renewals__candidates') }}

),

next_dates as (

    select
        account_id,
        min(contract_end) as renewal_date

    from candidates
    where
        days_until_renewal >= 0
        -- at-risk R8: contracts that a renewal replaces
        and not (has_renewal and days_until_renewal <= {{ var('at_risk_days') }})
    group by account_id

)

select * from next_dates
