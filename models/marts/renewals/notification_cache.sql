with

at_risk as (

    select * from {{ ref('at_risk_accounts') }}

),

entries as (

    select
        account_id,
        days_until_renewal,
        -- keys in order, so that equal data are equal texts
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

),

collected as (

    -- at-risk R16, AC7: the soonest first
    select
        count(*) as accounts,
        coalesce(
            {{ ordered_concat('entry', ',', 'days_until_renewal, ' ~ text_order('account_id')) }}, ''
        ) as accounts_list

    from entries

),

final as (

    select
        -- contracts notification-cache, at-risk R32: the list as pages read it, beside the table
        'at-risk-accounts' as cache_key,
        '{"accounts":[' || accounts_list
        || '],"count":' || cast(accounts as {{ text_type() }})
        || ',"updated_at":"{{ as_of_datetime().isoformat() }}Z"}' as cache_data,
        -- at-risk R19, R29, D23
        {{ instant_after(minutes=var('notification_cache_minutes')) }} as expires_at,
        {{ as_of() }} as updated_at

    from collected

)

select * from final
