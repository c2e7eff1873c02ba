-- Who is no longer at risk and why, from the account_changes of each drop.
select
    drops.number as drop_number,
    drops.organization_id,
    drops.as_of,
    changes.account_id,
    changes.detail as reason,
    drops.drop_name

from now_account_changes as changes
inner join drops on changes.drop_number = drops.number
where changes.change = 'at_risk_off'
order by drops.number, changes.account_id, changes.detail
