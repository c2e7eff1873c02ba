-- Renewals by month, from the month of the run on, with the accounts' revenue.
select
    core.organization_id,
    strftime(date_trunc('month', core.renewal_date), '%Y-%m') as month,
    count(*) as accounts,
    sum(core.revenue) as revenue,
    count(*) filter (where core.health_score_label = 'Red') as red,
    sum(core.revenue) filter (where core.health_score_label = 'Red') as red_revenue

from account_core as core
where core.renewal_date >= date_trunc('month', core.extracted_at)
group by 1, 2
order by 1, 2
