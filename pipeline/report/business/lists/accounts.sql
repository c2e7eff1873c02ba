-- The accounts that the page shows: those on a list, then those with the most revenue, at most a thousand of each drop.
with ranked as (

    select
        core.organization_id,
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
        core.ai_account_summary as summary,
        row_number() over (
            partition by core.organization_id
            order by named.account_id is null asc, core.revenue desc nulls last, core.account_id asc
        ) as place

    from account_core as core
    left join account_keys as keys on core.organization_id = keys.organization_id and core.account_id = keys.account_id
    left join named on core.organization_id = named.organization_id and core.account_id = named.account_id

)

select
    organization_id,
    account,
    name,
    status,
    tier,
    phase,
    revenue,
    renewal_date,
    last_touch,
    health_score,
    health_label,
    engagement_score,
    sentiment_score,
    response_time_score,
    open_items_score,
    crm_account_id,
    summary

from ranked
where place <= 1000
order by organization_id, place
