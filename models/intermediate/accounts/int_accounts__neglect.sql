with

accounts as (

    select * from {{ ref('int_accounts__combined') }}

),

revenue as (

    select * from {{ ref('int_revenue__by_year') }}
    where year = {{ selected_year() }}

),

snoozes as (

    -- neglected snooze: the latest one of an account wins, as for renewals (D18)
    select
        account_id,
        max(snoozed_until) as snoozed_until

    from {{ ref('stg_crm__notification_snoozes') }}
    where notification_type = 'neglected_account'
    group by account_id

),

described as (

    select
        accounts.account_id,
        accounts.name,
        accounts.is_archived,
        coalesce({{ fold_text('accounts.icp_status') }} = 'na', false) as is_no_customer_profile,
        coalesce(snoozes.snoozed_until > cast({{ today() }} as timestamp), false) as is_snoozed,
        coalesce(revenue.segment, '{{ without_revenue("segment") }}') as revenue_segment,
        coalesce(revenue.revenue, {{ without_revenue("revenue") }}) as annual_revenue,
        -- neglected days: between UTC dates; negative if the interaction is in the future
        {{ days_between('accounts.last_interaction_date', today()) }} as days_since_interaction

    from accounts
    left join revenue
        on accounts.account_id = revenue.account_id
    left join snoozes
        on accounts.account_id = snoozes.account_id

),

with_threshold as (

    select
        *,
        -- neglected threshold: by the segment of the selected year
        case
            when revenue_segment in ('A', 'B') then {{ var('neglected_days_ab') }}
            else {{ var('neglected_days') }}
        end as threshold_days

    from described

),

judged as (

    select
        *,
        -- neglected archived, icp_status, snooze and days: in this order
        case
            when is_archived then 'archived'
            when is_no_customer_profile then 'icp_status'
            when is_snoozed then 'snoozed'
            when days_since_interaction <= threshold_days then 'recent interaction'
        end as excluded_by

    from with_threshold

)

select * from judged
