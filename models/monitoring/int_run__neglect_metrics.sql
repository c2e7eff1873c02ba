with

accounts as (

    select * from {{ ref('int_accounts__neglect') }}

),

segments as (

    select 'A' as segment
    union all
    select 'B'
    union all
    select 'C'
    union all
    select 'D'

),

exclusions as (

    select 'archived' as excluded_by
    union all
    select 'icp_status'
    union all
    select 'snoozed'
    union all
    select 'recent interaction'

),

listed as (

    -- neglected metrics: counts by segment, and of the accounts that each rule keeps off the list
    select
        'neglected_accounts' as metric,
        segments.segment as dimension,
        count(accounts.account_id) as value
    from segments
    left join accounts
        on segments.segment = accounts.revenue_segment and accounts.excluded_by is null
    group by segments.segment

    union all

    select
        'neglected_accounts_excluded' as metric,
        exclusions.excluded_by as dimension,
        count(accounts.account_id) as value
    from exclusions
    left join accounts
        on exclusions.excluded_by = accounts.excluded_by
    group by exclusions.excluded_by

),

typed as (

    select
        metric,
        dimension,
        cast(value as numeric(24, 6)) as value

    from listed

)

select * from typed
