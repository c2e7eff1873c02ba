-- account_changes: what happened to each account between the drops in the views before_* and now_*, of one organization
-- or of many. drop_number identifies the pair of drops; the table `drops` has the instants and the year of each pair.
-- Key: drop_number, account_id, change, detail. `before` and `after` are texts.
with

core_before as (

    select drop_number, account_id, health_score_label, health_score, owner_id, status, renewal_date, revenue
    from before_account_core

),

core_now as (

    select drop_number, account_id, health_score_label, health_score, owner_id, status, renewal_date, revenue
    from now_account_core

),

-- the accounts of both drops, side by side
both_core as (

    select
        drop_number,
        account_id,
        was,
        core

    from core_before as was
    inner join core_now as core using (drop_number, account_id)

),

-- source-schema: a customer belongs to the CRM account whose lmn_crm_id, or else id, is its crm_id; the later drop decides
crm_ids as (

    select
        drop_number,
        id,
        is_now,
        unnest([lmn_crm_id, id]) as crm_id,
        unnest([true, false]) as is_lmn_crm_id
    from (
        select drop_number, id, lmn_crm_id, true as is_now from now_accounts
        union all
        select drop_number, id, lmn_crm_id, false as is_now from before_accounts
    )

),

crm_accounts as (

    select
        drop_number,
        crm_ids.id as crm_account_id,
        cores.account_id

    from crm_ids
    inner join (
        select drop_number, account_id, crm_id from now_account_core
        union
        select drop_number, account_id, crm_id from before_account_core
    ) as cores using (drop_number, crm_id)
    qualify row_number() over (
        partition by drop_number, cores.account_id
        order by crm_ids.is_now desc, crm_ids.is_lmn_crm_id desc, crm_ids.id
    ) = 1

),

insights_before as (

    from (select drop_number, account_id, columns('insight_.*') from before_account_core)
    unpivot include nulls (is_on for insight in (columns('insight_.*')))

),

insights_now as (

    from (select drop_number, account_id, columns('insight_.*') from now_account_core)
    unpivot include nulls (is_on for insight in (columns('insight_.*')))

),

-- D12: a year without revenue is C; both drops are compared in the selected year of the earlier one
segments_before as (

    select accounts.drop_number, accounts.id, coalesce(years.segment, 'C') as segment
    from before_accounts as accounts
    inner join drops on accounts.drop_number = drops.drop_number
    left join before_account_revenue_by_year as years
        on
            accounts.drop_number = years.drop_number
            and accounts.id = years.account_id
            and drops.segment_year = years.year

),

segments_now as (

    select accounts.drop_number, accounts.id, coalesce(years.segment, 'C') as segment
    from now_accounts as accounts
    inner join drops on accounts.drop_number = drops.drop_number
    left join now_account_revenue_by_year as years
        on
            accounts.drop_number = years.drop_number
            and accounts.id = years.account_id
            and drops.segment_year = years.year

),

changes as (

    select drop_number, account_id, 'appeared' as change, null as before, account_name as after, null as detail
    from now_account_core
    anti join before_account_core using (drop_number, account_id)

    union all

    select drop_number, account_id, 'gone', account_name, null, null
    from before_account_core
    anti join now_account_core using (drop_number, account_id)

    union all

    select drop_number, account_id, 'health_label', was.health_score_label, core.health_score_label, null
    from both_core
    where was.health_score_label is distinct from core.health_score_label

    union all

    select drop_number, account_id, 'health_score', was.health_score::varchar, core.health_score::varchar, null
    from both_core
    where abs(core.health_score - was.health_score) >= $least_points

    union all

    select drop_number, account_id, 'owner', was.owner_id::varchar, core.owner_id::varchar, null
    from both_core
    where was.owner_id is distinct from core.owner_id

    union all

    select drop_number, account_id, 'status', was.status, core.status, null
    from both_core
    where was.status is distinct from core.status

    union all

    select drop_number, account_id, 'renewal_date', was.renewal_date::varchar, core.renewal_date::varchar, null
    from both_core
    where was.renewal_date is distinct from core.renewal_date

    union all

    select drop_number, account_id, 'revenue', was.revenue::varchar, core.revenue::varchar, null
    from both_core
    where
        coalesce(was.revenue, 0) <> coalesce(core.revenue, 0)
        and abs(coalesce(core.revenue, 0) - coalesce(was.revenue, 0)) * 100
        >= abs(coalesce(was.revenue, 0)) * $least_percent

    union all

    select
        drop_number,
        account_id,
        case when later.is_on then 'insight_on' else 'insight_off' end,
        earlier.is_on::varchar,
        later.is_on::varchar,
        replace(insight, 'insight_', '')
    from insights_before as earlier
    inner join insights_now as later using (drop_number, account_id, insight)
    where coalesce(earlier.is_on, false) <> coalesce(later.is_on, false)

    union all

    select crm_accounts.drop_number, crm_accounts.account_id, 'segment', segments_before.segment, segments_now.segment, null
    from segments_before
    inner join segments_now using (drop_number, id)
    inner join crm_accounts
        on segments_before.drop_number = crm_accounts.drop_number and segments_before.id = crm_accounts.crm_account_id
    where segments_before.segment <> segments_now.segment

    union all

    select crm_accounts.drop_number, crm_accounts.account_id, 'at_risk_on', null, at_risk.renewal_date::varchar, null
    from now_at_risk_accounts as at_risk
    anti join before_at_risk_accounts as earlier using (drop_number, account_id)
    inner join crm_accounts
        on at_risk.drop_number = crm_accounts.drop_number and at_risk.account_id = crm_accounts.crm_account_id

    union all

    -- an estimate without an outcome is lost; one whose outcome is still "at risk" has moved to another account
    select
        crm_accounts.drop_number,
        crm_accounts.account_id,
        'at_risk_off',
        at_risk.renewal_date::varchar,
        null,
        case
            when not $is_outcome_known then $unknown
            when outcomes.outcome = 'at risk' then 'moved'
            when outcomes.outcome = 'not won' then 'no longer won'
            else coalesce(outcomes.outcome, 'lost')
        end
    from before_at_risk_accounts as at_risk
    anti join now_at_risk_accounts as later using (drop_number, account_id)
    inner join crm_accounts
        on at_risk.drop_number = crm_accounts.drop_number and at_risk.account_id = crm_accounts.crm_account_id
    left join outcomes on outcomes.estimate_id = at_risk.expiring_estimate_id

)

select distinct
    drop_number,
    account_id,
    organization_id,
    change,
    before,
    after,
    coalesce(detail, '') as detail,
    as_of,
    previous_as_of

from changes
inner join drops using (drop_number)
order by drop_number, account_id, change, detail
