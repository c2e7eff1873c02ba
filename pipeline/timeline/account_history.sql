-- account_history: each account of each drop's account_core, with the drop's values.
-- Key: organization_id, account_id, as_of.
with

core as (

    select * from now_account_core

),

account_keys as (

    select drop_number, account_id, crm_account_id
    from now_account_keys

),

at_risk as (

    select drop_number, account_id, expiring_estimate_id, renewal_date, estimate_value
    from now_at_risk_accounts

),

years as (

    select
        revenue_by_year.drop_number,
        revenue_by_year.account_id,
        revenue_by_year.segment,
        revenue_by_year.revenue
    from now_account_revenue_by_year as revenue_by_year
    inner join drops on revenue_by_year.drop_number = drops.number and revenue_by_year.year = drops.selected_year

)

select
    drops.number as drop_number,
    core.organization_id,
    core.account_id,
    drops.as_of,
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
    drops.selected_year as segment_year,
    -- D12: a year without revenue is C
    case when account_keys.crm_account_id is not null then coalesce(years.segment, 'C') end as segment,
    case
        when account_keys.crm_account_id is not null and drops.has_list
            then at_risk.account_id is not null
    end as is_at_risk,
    at_risk.expiring_estimate_id as at_risk_estimate_id,
    at_risk.renewal_date as at_risk_renewal_date,
    at_risk.estimate_value as at_risk_estimate_value,
    drops.drop_name

from core
inner join drops on core.drop_number = drops.number
left join account_keys on core.drop_number = account_keys.drop_number and core.account_id = account_keys.account_id
left join at_risk
    on account_keys.drop_number = at_risk.drop_number and account_keys.crm_account_id = at_risk.account_id
left join years on account_keys.drop_number = years.drop_number and account_keys.crm_account_id = years.account_id
order by drops.number, core.account_id
