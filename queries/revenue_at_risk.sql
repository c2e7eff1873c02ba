-- Where is revenue at risk, by division and salesperson?
-- Asked by: the head of sales
-- Columns:
--   division: the division of the expiring contracts; Uncategorized without one
--   salesperson: who sold them; null without a name
--   accounts: how many accounts these contracts put at risk
--   estimate_value: the contracts' prices, US dollars
--   annual_revenue: the accounts' revenue in the selected year, US dollars
--   first_renewal_date: when the first of the contracts ends
with

at_risk as (

    select
        coalesce(nullif(trim(risks.division), ''), 'Uncategorized') as division,
        nullif(trim(estimates.salesperson), '') as salesperson,
        risks.estimate_value,
        risks.annual_revenue,
        risks.renewal_date

    from at_risk_accounts as risks
    left join estimates on risks.expiring_estimate_id = estimates.id

)

select
    division,
    salesperson,
    count(*) as accounts,
    sum(estimate_value) as estimate_value,
    sum(annual_revenue) as annual_revenue,
    min(renewal_date) as first_renewal_date

from at_risk
group by division, salesperson
order by sum(estimate_value) desc, division collate "C", salesperson collate "C" nulls last
