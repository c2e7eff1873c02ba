with

candidates as (

    select * from {{ ref('int_renewals__candidates') }}

),

at_risk as (

    select * from {{ ref('at_risk_accounts') }}

),

duplicates as (

    select * from {{ ref('duplicate_at_risk_estimates') }}

),

listed as (

    select 'at_risk_accounts' as metric, 'all' as dimension, count(*) as value from at_risk
    union all
    select 'at_risk_accounts' as metric, 'with duplicates' as dimension, count(*) as value from at_risk
    where has_duplicates
    union all
    select 'at_risk_accounts' as metric, 'value of estimates' as dimension, coalesce(sum(estimate_value), 0) as value
    from at_risk
    union all
    -- accounts that only a snooze keeps off the at-risk list
    select
        'at_risk_accounts_snoozed' as metric,
        'all' as dimension,
        count(distinct account_id) as value
    from candidates
    where
        excluded_by = 'R7'
        and not has_renewal
        and days_until_renewal between 0 and {{ var('at_risk_days') }}
    union all
    select 'at_risk_estimates' as metric, 'at risk' as dimension, count(*) as value from candidates
    where excluded_by is null
    union all
    select 'at_risk_estimates' as metric, 'renewed' as dimension, count(*) as value from candidates
    where excluded_by = 'R8'
    union all
    select 'duplicate_groups' as metric, 'unresolved' as dimension, count(*) as value from duplicates
    where resolved_at is null
    union all
    select 'duplicate_groups' as metric, 'detected in this run' as dimension, count(*) as value from duplicates
    where detected_at = {{ as_of() }}
    union all
    select 'duplicate_groups' as metric, 'resolved in this run' as dimension, count(*) as value from duplicates
    where resolved_at = {{ as_of() }}

),

typed as (

    select
        metric,
        dimension,
        cast(value as numeric(24, 6)) as value

    from listed

)

select * from typed
