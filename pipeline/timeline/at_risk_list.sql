-- The at-risk list of a drop, with what the platform's tables call each account (the lowest id, as in the mart).
with

platform_ids as (

    select crm_account_id, min(account_id) as platform_account_id
    from now_account_keys
    where crm_account_id is not null
    group by crm_account_id

)

select
    $organization_id::bigint as organization_id,
    at_risk.account_id,
    $as_of::timestamp as as_of,
    platform_ids.platform_account_id,
    at_risk.account_name,
    at_risk.expiring_estimate_id as estimate_id,
    at_risk.expiring_estimate_number as estimate_number,
    at_risk.renewal_date,
    at_risk.days_until_renewal,
    at_risk.estimate_value,
    at_risk.revenue_segment,
    at_risk.annual_revenue,
    $drop_name::varchar as drop_name

from now_at_risk_accounts as at_risk
left join platform_ids on at_risk.account_id = platform_ids.crm_account_id
order by at_risk.account_id
