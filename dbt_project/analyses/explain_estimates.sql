-- every estimate that is linked to the account, won or not, and why one counts in no year's revenue
with

estimates as (

    select * from {{ ref('estimates') }}
    where {{ is_explained_crm_account('account_id') }}

),

counted as (

    select distinct estimate_id from {{ ref('int_revenue__estimate_years') }}
    where {{ is_explained_crm_account('account_id') }}

)

select
    estimates.id as estimate_id,
    estimates.estimate_number,
    estimates.status,
    estimates.pipeline_status,
    estimates.price_used,
    estimates.contract_start,
    estimates.contract_end,
    estimates.salesperson,
    estimates.estimator,
    -- win_loss total_estimates_by_year: won or lost, and not archived, in each year of the contract
    estimates.outcome,
    case
        when not estimates.archived and estimates.outcome <> 'pending' then estimates.first_year
    end as first_decided_year,
    coalesce(estimates.contract_years, 1) as decided_years,
    {{ is_running_contract() }} as is_running,
    -- R5 and D4 before D10
    case
        when counted.estimate_id is not null then null
        when not estimates.is_won then 'D4: neither the pipeline status nor the status is won'
        else 'D10: ' || case when estimates.archived then 'archived' else 'excluded from statistics' end
    end as not_counted_because

from estimates
left join counted on estimates.id = counted.estimate_id
