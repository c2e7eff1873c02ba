-- Which red accounts has nobody contacted for 30 days?
-- Asked by: customer success, every morning
-- Columns:
--   organization_id: the tenant
--   account_id: the account
--   account_name: its name
--   crm_account_id: the account in the CRM; null if it has none
--   owner_id: its owner
--   status: its status
--   health_score: its health, 0 to 50
--   last_touch: the last message, comment or meeting with it; null without any
--   days_since_touch: whole days from the last touch to the run's day
--   revenue: its revenue, US dollars
--   renewal_date: its renewal date
select
    core.organization_id,
    core.account_id,
    core.account_name,
    keys.crm_account_id,
    core.owner_id,
    core.status,
    core.health_score,
    core.last_touch,
    cast(core.extracted_at as date) - cast(core.last_touch as date) as days_since_touch,
    core.revenue,
    core.renewal_date

from account_core as core
inner join account_keys as keys on core.organization_id = keys.organization_id and core.account_id = keys.account_id
where
    core.health_score_label = 'Red'
    and (core.last_touch is null or core.last_touch < core.extracted_at - interval '30 days')
order by core.organization_id asc, core.revenue desc nulls last, core.account_id asc
