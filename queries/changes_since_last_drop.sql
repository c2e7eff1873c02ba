-- Which accounts changed their segment, health, insights, renewal, owner, status or revenue since the previous drop?
-- Asked by: everybody, after a new drop
-- Reads: two drops
-- Columns:
--   account_id: the account
--   account_name: its name
--   change: appeared, gone, segment, health_label, health_score, insight_on, insight_off, at_risk_on, at_risk_off,
--     renewal_date, owner, status or revenue
--   before: the value in the previous drop
--   after: the value in this drop
--   detail: the insight, or why an account left the at-risk list
select
    changes.account_id,
    coalesce(now.account_name, before.account_name) as account_name,
    changes.change,
    changes.before,
    changes.after,
    changes.detail

from account_changes as changes
left join account_core as now on changes.account_id = now.account_id
left join before.account_core as before on changes.account_id = before.account_id
order by changes.account_id, changes.change, changes.detail nulls first
