with

at_risk as (

    select * from {{ ref('at_risk_accounts') }}

),

neglected as (

    select * from {{ ref('neglected_accounts') }}

),

entries as (

    select
        'at-risk-accounts' as cache_key,
        account_id,
        -- at-risk R16, AC7: the soonest first
        days_until_renewal as days,
        -- keys in a fixed order, so that equal data give equal texts
        '{"account_id":' || {{ json_string('account_id') }}
        || ',"account_name":' || {{ json_string('account_name') }}
        || ',"address":' || {{ json_string('address') }}
        || ',"annual_revenue":' || cast(annual_revenue as {{ text_type() }})
        || ',"days_until_renewal":' || cast(days_until_renewal as {{ text_type() }})
        || ',"division":' || {{ json_string('division') }}
        || ',"estimate_value":' || cast(estimate_value as {{ text_type() }})
        || ',"expiring_estimate_id":' || {{ json_string('expiring_estimate_id') }}
        || ',"expiring_estimate_number":' || {{ json_string('expiring_estimate_number') }}
        || ',"has_duplicates":' || case when has_duplicates then 'true' else 'false' end
        || ',"renewal_date":"' || cast(renewal_date as {{ text_type() }})
        || '","revenue_segment":"' || revenue_segment || '"}' as entry

    from at_risk

    union all

    select
        'neglected-accounts' as cache_key,
        account_id,
        -- neglected order: those without any interaction first; days are never negative
        coalesce(days_since_interaction, -1) as days,
        '{"account_id":' || {{ json_string('account_id') }}
        || ',"account_name":' || {{ json_string('account_name') }}
        || ',"annual_revenue":' || cast(annual_revenue as {{ text_type() }})
        || ',"days_since_interaction":' || coalesce(cast(days_since_interaction as {{ text_type() }}), 'null')
        || ',"revenue_segment":"' || revenue_segment
        || '","threshold_days":' || cast(threshold_days as {{ text_type() }}) || '}' as entry

    from neglected

),

cache_keys as (

    select 'at-risk-accounts' as cache_key
    union all
    select 'neglected-accounts'

),

collected as (

    select
        cache_keys.cache_key,
        count(entries.account_id) as accounts,
        coalesce(
            {{ ordered_concat('entries.entry', ',', 'entries.days, ' ~ text_order('entries.account_id')) }}, ''
        ) as accounts_list

    from cache_keys
    left join entries
        on cache_keys.cache_key = entries.cache_key
    group by cache_keys.cache_key

),

final as (

    select
        -- contracts notification-cache, at-risk R32: the lists in the form that pages read, in addition to the tables
        cache_key,
        '{"accounts":[' || accounts_list
        || '],"count":' || cast(accounts as {{ text_type() }})
        || ',"updated_at":"{{ as_of_datetime().isoformat() }}Z"}' as cache_data,
        -- at-risk R19, R29, D23
        {{ instant_after(minutes=var('notification_cache_minutes')) }} as expires_at,
        {{ as_of() }} as updated_at

    from collected

)

select * from final
