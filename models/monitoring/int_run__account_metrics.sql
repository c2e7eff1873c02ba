with

accounts as (

    select * from {{ ref('accounts') }}

),

combined as (

    select * from {{ ref('int_accounts__combined') }}

),

revenue as (

    select * from {{ ref('account_revenue_by_year') }}

),

segments as (

    select
        'A' as segment
    union all
    select 'B'
    union all
    select 'C'
    union all
    select 'D'

),

compared as (

    -- the figures that the CRM stores, compared with those of the estimates
    select
        count(*) filter (where combined.is_archive_conflict) as archive_conflicts,
        count(*) filter (
            where combined.stored_annual_revenue <> accounts.annual_revenue
        ) as stored_annual_revenue_differs,
        count(*) filter (
            where {{ trim_text('combined.stored_revenue_segment') }} <> accounts.revenue_segment
        ) as stored_revenue_segment_differs,
        count(*) filter (where accounts.is_archived) as archived,
        count(*) filter (where not accounts.is_archived) as active,
        count(*) filter (where accounts.last_interaction_date > {{ as_of() }}) as future_interactions,
        coalesce(sum(accounts.annual_revenue), 0) as annual_revenue

    from accounts
    inner join combined
        on accounts.id = combined.account_id

),

references_to_accounts as (

    select
        'crm.contacts' as source_table,
        account_id
    from {{ ref('stg_crm__contacts') }}

    union all

    select
        'crm.scorecards' as source_table,
        account_id
    from {{ ref('stg_crm__scorecards') }}

    union all

    select
        'crm.notification_snoozes' as source_table,
        account_id
    from {{ ref('stg_crm__notification_snoozes') }}

),

unknown_references as (

    select
        references_to_accounts.source_table,
        count(*) filter (
            where references_to_accounts.account_id is not null and accounts.id is null
        ) as unknown_references

    from references_to_accounts
    left join accounts
        on references_to_accounts.account_id = accounts.id
    group by references_to_accounts.source_table

),

listed as (

    select 'accounts' as metric, 'active' as dimension, active as value from compared
    union all
    select 'accounts' as metric, 'archived' as dimension, archived as value from compared
    union all
    -- D15
    select 'archive_conflicts' as metric, 'all' as dimension, archive_conflicts as value from compared
    union all
    -- accounts R18, D17
    select 'stored_annual_revenue_differs' as metric, 'all' as dimension, stored_annual_revenue_differs as value
    from compared
    union all
    select 'stored_revenue_segment_differs' as metric, 'all' as dimension, stored_revenue_segment_differs as value
    from compared
    union all
    select 'annual_revenue' as metric, 'selected year' as dimension, annual_revenue as value from compared
    union all
    -- D2
    select
        'future_dated_rows' as metric,
        'crm.accounts.last_interaction_date' as dimension,
        future_interactions as value
    from compared
    union all
    select
        'future_dated_rows' as metric,
        'crm.scorecards.completed_date' as dimension,
        count(*) as value
    from {{ ref('stg_crm__scorecards') }}
    where completed_date > {{ as_of() }}
    union all
    select
        'accounts_by_segment' as metric,
        segments.segment as dimension,
        count(accounts.id) as value
    from segments
    left join accounts
        on segments.segment = accounts.revenue_segment
    group by segments.segment
    union all
    select
        'revenue_by_year' as metric,
        cast(year as {{ text_type() }}) as dimension,
        max(total) as value
    from revenue
    group by year
    union all
    -- D14: counted, because there is no fallback
    select
        'profiles_without_selected_year' as metric,
        'all' as dimension,
        count(*) as value
    from {{ ref('stg_crm__profiles') }}
    where not has_selected_year
    union all
    -- D18
    select
        'snoozes_of_other_types' as metric,
        coalesce(notification_type, 'none') as dimension,
        count(*) as value
    from {{ ref('stg_crm__notification_snoozes') }}
    where coalesce(notification_type, '') not in ({{ snooze_types() }})
    group by notification_type
    union all
    select
        'unknown_account_references' as metric,
        source_table as dimension,
        unknown_references as value
    from unknown_references

),

typed as (

    select
        metric,
        dimension,
        cast(value as numeric(24, 6)) as value

    from listed

)

select * from typed
