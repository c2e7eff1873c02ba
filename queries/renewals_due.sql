-- Who must renew in the next 30, 60 and 90 days, and what are they worth?
-- Asked by: the sales team, before its weekly call
-- Columns:
--   within_days: 30, 60 or 90, the smallest that covers days_until_renewal
--   account_id: the account in the CRM
--   account_name: its name
--   renewal_date: the day on which its first contract without a renewal ends
--   days_until_renewal: days from the run's day to that day
--   division: the contract's division
--   salesperson: who sold the contract
--   estimate_value: the contract's whole price, US dollars
--   annual_revenue: the account's revenue in the selected year, US dollars
--   revenue_segment: its segment in the selected year
--   platform_account_id: the account on the platform; the lowest if several customers share the CRM account
--   platform_renewal_date: its renewal date in account_core, which may differ
with

platform as (

    select
        keys.crm_account_id,
        min(core.account_id) as account_id,
        min(core.renewal_date) as renewal_date

    from account_keys as keys
    inner join account_core as core
        on keys.organization_id = core.organization_id and keys.account_id = core.account_id
    group by keys.crm_account_id

)

select
    case
        when at_risk.days_until_renewal <= 30 then 30
        when at_risk.days_until_renewal <= 60 then 60
        else 90
    end as within_days,
    at_risk.account_id,
    at_risk.account_name,
    at_risk.renewal_date,
    at_risk.days_until_renewal,
    at_risk.division,
    estimates.salesperson,
    at_risk.estimate_value,
    at_risk.annual_revenue,
    at_risk.revenue_segment,
    platform.account_id as platform_account_id,
    platform.renewal_date as platform_renewal_date

from at_risk_accounts as at_risk
left join estimates on at_risk.expiring_estimate_id = estimates.id
left join platform on at_risk.account_id = platform.crm_account_id
where at_risk.days_until_renewal <= 90
order by at_risk.days_until_renewal, at_risk.account_id collate "C"
