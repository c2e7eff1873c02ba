with

estimates as (

    select * from {{ ref('int_estimates__dated') }}

),

accounts as (

    select * from {{ ref('int_accounts__combined') }}

),

snoozes as (

    -- at-risk R7, D18: the latest snooze of an account wins
    select
        account_id,
        max(snoozed_until) as snoozed_until

    from {{ ref('stg_crm__notification_snoozes') }}
    where notification_type in ({{ snooze_types() }})
    group by account_id

),

contracts as (

    select
        estimates.estimate_id,
        estimates.account_id,
        estimates.contract_end,
        estimates.source_row,
        -- at-risk R1, accounts R3, accounts R32
        accounts.is_archived as is_account_archived,
        -- at-risk R7: snoozed beyond midnight of today
        coalesce(snoozes.snoozed_until > cast({{ today() }} as timestamp), false) as is_account_snoozed,
        -- at-risk R5, R6, R6a, D19: UTC dates
        {{ days_between(today(), 'estimates.contract_end') }} as days_until_renewal,
        -- at-risk R9, R21, D20: a missing or blank part matches nothing
        {{ fold_text('estimates.division') }} as division_key,
        {{ collapse_blanks(fold_text('estimates.address')) }} as address_key,
        not {{ is_blank('estimates.division') }} and not {{ is_blank('estimates.address') }} as has_key

    from estimates
    -- at-risk R4
    inner join accounts
        on estimates.account_id = accounts.account_id
    left join snoozes
        on estimates.account_id = snoozes.account_id
    where
        -- at-risk R2
        estimates.is_won
        -- at-risk R3, R23: a date that could not be parsed is null and quarantined
        and estimates.contract_end is not null
        -- D18: an archived estimate is ignored, also as a renewal
        and not estimates.archived

),

renewals as (

    -- at-risk R8, D20: contracts that end after the window, and so later than any in the window (at-risk R10)
    select
        account_id,
        division_key,
        address_key

    from contracts
    where
        has_key
        and days_until_renewal > {{ var('at_risk_days') }}
    group by account_id, division_key, address_key

),

judged as (

    select
        contracts.*,
        renewals.account_id is not null as has_renewal,
        -- the at-risk spec's precedence, highest first
        case
            when contracts.is_account_archived then 'R1'
            when contracts.is_account_snoozed then 'R7'
            when
                contracts.days_until_renewal between 0 and {{ var('at_risk_days') }}
                and renewals.account_id is not null
                then 'R8'
            when contracts.days_until_renewal < 0 then 'R6a'
            when contracts.days_until_renewal > {{ var('at_risk_days') }} then 'R5'
        end as excluded_by

    from contracts
    left join renewals
        on
            contracts.has_key
            and contracts.account_id = renewals.account_id
            and contracts.division_key = renewals.division_key
            and contracts.address_key = renewals.address_key

)

select * from judged
