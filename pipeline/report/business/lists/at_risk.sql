-- Every account at risk, by the day on which its contract ends.
with

platform as (

    select crm_account_id, min(account_id) as account_id
    from account_keys
    group by crm_account_id

)

select
    platform.account_id as account,
    risks.account_name as name,
    risks.renewal_date as contract_ends,
    risks.days_until_renewal as in_days,
    risks.estimate_value as value,
    risks.annual_revenue as year_revenue,
    risks.revenue_segment as segment,
    nullif(trim(estimates.salesperson), '') as salesperson,
    coalesce(nullif(trim(risks.division), ''), 'Uncategorized') as division,
    'contract ' || coalesce(risks.expiring_estimate_number, risks.expiring_estimate_id) || ' ends, nothing renews it'
    || case when risks.has_duplicates then '; may be entered twice' else '' end as reason,
    cast(accounts.last_interaction_date as date) as last_touch

from at_risk_accounts as risks
left join estimates on risks.expiring_estimate_id = estimates.id
left join accounts on risks.account_id = accounts.id
left join platform on risks.account_id = platform.crm_account_id
order by risks.days_until_renewal asc, risks.estimate_value desc nulls last, risks.account_id asc
