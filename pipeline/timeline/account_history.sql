-- account_history: each account of a drop's account_core, as the drop shows it. Key: organization_id, account_id, as_of.
with

core as (

    select * from now_account_core

),

account_keys as (

    select account_id, crm_account_id
    from now_account_keys

),

at_risk as (

    select account_id, expiring_estimate_id, renewal_date, estimate_value
    from now_at_risk_accounts

),

years as (

    select account_id, segment, revenue
    from now_account_revenue_by_year
    where year = $selected_year

)

select
    core.organization_id,
    core.account_id,
    $as_of::timestamp as as_of,
    account_keys.crm_account_id,
    core.account_name,
    core.owner_id,
    core.status,
    core.health_score,
    core.health_score_label,
    core.engagement_score,
    core.engagement_score_label,
    core.sentiment_score,
    core.sentiment_score_label,
    core.open_items_score,
    core.open_items_score_label,
    core.response_time_score,
    core.response_time_score_label,
    core.revenue,
    $selected_year::integer as segment_year,
    -- D12: a year without revenue is C
    case when account_keys.crm_account_id is not null then coalesce(years.segment, 'C') end as segment,
    case
        when account_keys.crm_account_id is not null and $has_list
            then at_risk.account_id is not null
    end as is_at_risk,
    at_risk.expiring_estimate_id as at_risk_estimate_id,
    at_risk.renewal_date as at_risk_renewal_date,
    at_risk.estimate_value as at_risk_estimate_value,
    $drop_name::varchar as drop_name

from core
left join account_keys on core.account_id = account_keys.account_id
left join at_risk on account_keys.crm_account_id = at_risk.account_id
left join years on account_keys.crm_account_id = years.account_id
order by core.account_id
