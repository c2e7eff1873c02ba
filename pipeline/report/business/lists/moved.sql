-- Accounts whose health, segment, renewal, owner, risk or status changed since the drop before.
select
    changes.organization_id,
    changes.account_id as account,
    core.account_name as name,
    replace(changes.change, '_', ' ') as change,
    changes.before,
    changes.after,
    changes.detail

from account_changes as changes
left join account_core as core
    on changes.organization_id = core.organization_id and changes.account_id = core.account_id
where changes.change not in ('insight_on', 'insight_off')
order by changes.organization_id asc, changes.change asc, core.revenue desc nulls last, changes.account_id asc
