-- What the views of accounts say: of those that lists name, then of those with the most revenue.
with named as (

    select unnest(cast($named as bigint [])) as account_id

)

select
    core.account_id as account,
    core.account_name as name,
    core.status,
    core.tier_name as tier,
    core.journey_phase_name as phase,
    core.revenue,
    core.renewal_date,
    cast(core.last_touch as date) as last_touch,
    core.health_score,
    core.health_score_label as health_label,
    core.engagement_score,
    core.sentiment_score,
    core.response_time_score,
    core.open_items_score,
    keys.crm_account_id,
    core.ai_account_summary as summary

from account_core as core
left join account_keys as keys on core.account_id = keys.account_id
left join named on core.account_id = named.account_id
order by named.account_id is null, core.revenue desc nulls last, core.account_id
limit $most
