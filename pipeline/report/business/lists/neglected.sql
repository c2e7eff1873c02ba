-- Every neglected account, the longest without an interaction first.
with

platform as (

    select crm_account_id, min(account_id) as account_id
    from account_keys
    group by crm_account_id

)

select
    platform.account_id as account,
    neglected.account_name as name,
    neglected.days_since_interaction as days,
    neglected.threshold_days as allowed,
    neglected.revenue_segment as segment

from neglected_accounts as neglected
left join platform on neglected.account_id = platform.crm_account_id
order by neglected.days_since_interaction desc nulls first, neglected.account_id
