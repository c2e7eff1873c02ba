-- every estimate of the account, with the rule that makes it the expiring contract or excludes it
with

estimates as (

    select * from {{ ref('estimates') }}
    where {{ is_explained_crm_account('account_id') }}

),

candidates as (

    select * from {{ ref('int_renewals__candidates') }}
    where {{ is_explained_crm_account('account_id') }}

),

at_risk as (

    select * from {{ ref('at_risk_accounts') }}
    where {{ is_explained_crm_account('account_id') }}

),

renewals as (

    -- at-risk R8: contracts that end after the window, with the same division and address
    select
        renewed.estimate_id,
        {{ ordered_concat('newer.estimate_id', ', ', text_order('newer.estimate_id')) }} as renewed_by

    from candidates as renewed
    inner join candidates as newer
        on
            renewed.has_key
            and newer.has_key
            and renewed.division_key = newer.division_key
            and renewed.address_key = newer.address_key
    where renewed.excluded_by = 'R8' and newer.excluded_by = 'R5'
    group by renewed.estimate_id

),

judged as (

    select
        estimates.id as estimate_id,
        estimates.estimate_number,
        estimates.status,
        estimates.pipeline_status,
        estimates.contract_end,
        {{ days_between(today(), 'estimates.contract_end') }} as days_until_renewal,
        estimates.division,
        estimates.address,
        renewals.renewed_by,
        case
            when estimates.id = at_risk.expiring_estimate_id then 'selected'
            when candidates.estimate_id is not null and candidates.excluded_by is null then 'lost'
            else 'excluded'
        end as outcome,
        case
            when candidates.excluded_by is not null then candidates.excluded_by
            when candidates.estimate_id is not null and estimates.contract_end > at_risk.renewal_date then 'R11'
            when candidates.estimate_id is not null and estimates.id <> at_risk.expiring_estimate_id then 'R12'
            when candidates.estimate_id is not null then 'R6'
            when not estimates.is_won then 'R2'
            when estimates.contract_end is null then 'R3'
            else 'D18'
        end as rule

    from estimates
    left join candidates on estimates.id = candidates.estimate_id
    left join renewals on estimates.id = renewals.estimate_id
    left join at_risk on estimates.account_id = at_risk.account_id

)

select
    estimate_id,
    estimate_number,
    contract_end,
    days_until_renewal,
    outcome,
    case when rule = 'D18' then rule else 'at-risk ' || rule end as rule,
    case rule
        when 'R1' then 'the account is archived'
        when 'R2' then
            'not won: status ' || coalesce(status, 'none') || ', pipeline ' || coalesce(pipeline_status, 'none')
        when 'R3' then 'no contract end'
        when 'R5' then 'ends in more than {{ var("at_risk_days") }} days'
        when 'R6' then 'ends within {{ var("at_risk_days") }} days, the soonest of them'
        when 'R6a' then 'ended before today'
        when 'R7' then 'the account is snoozed'
        when 'R8' then 'renewed by ' || coalesce(renewed_by, 'another')
        when 'R11' then 'ends later than the selected one'
        when 'R12' then 'ends on the same day as the selected one, and comes later in file order'
        when 'D18' then 'the estimate is archived'
    end as because,
    division,
    address,
    case outcome when 'selected' then 0 when 'lost' then 1 else 2 end as outcome_rank

from judged
