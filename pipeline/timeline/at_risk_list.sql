-- The at-risk list of each drop, with each account's id in the platform's tables (the lowest one, as in the mart).
with

platform_ids as (

    select drop_number, crm_account_id, min(account_id) as platform_account_id
    from now_account_keys
    where crm_account_id is not null
    group by drop_number, crm_account_id

)

select
    drops.number as drop_number,
    drops.organization_id,
    at_risk.account_id,
    drops.as_of,
    platform_ids.platform_account_id,
    at_risk.account_name,
    at_risk.expiring_estimate_id as estimate_id,
    at_risk.expiring_estimate_number as estimate_number,
    at_risk.renewal_date,
    at_risk.days_until_renewal,
    at_risk.estimate_value,
    at_risk.revenue_segment,
    at_risk.annual_revenue,
    drops.drop_name

from now_at_risk_accounts as at_risk
inner join drops on at_risk.drop_number = drops.number
left join platform_ids
    on at_risk.drop_number = platform_ids.drop_number and at_risk.account_id = platform_ids.crm_account_id
order by drops.number, at_risk.account_id
