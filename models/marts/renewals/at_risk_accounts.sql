with

candidates as (

    select * from {{ ref('int_renewals__candidates') }}
    where excluded_by is null

),

duplicate_groups as (

    select distinct account_id from {{ ref('int_renewals__duplicate_groups') }}

),

accounts as (

    select * from {{ ref('int_accounts__combined') }}

),

estimates as (

    select * from {{ ref('estimates') }}

),

selected_year_revenue as (

    select * from {{ ref('account_revenue_by_year') }}
    where year = {{ selected_year() }}

),

platform_ids as (

    select * from {{ ref('int_customer_success__platform_ids') }}

),

ranked as (

    select
        *,
        -- at-risk R11, R12, D21: the soonest end; of equal ones the first in file order, by row number
        row_number() over (
            partition by account_id
            order by
                contract_end asc nulls last,
                source_row asc nulls last,
                {{ text_order('estimate_id') }} asc nulls last
        ) as choice

    from candidates

),

final as (

    select
        -- identifiers
        ranked.account_id,
        accounts.name as account_name,

        -- the renewal
        ranked.contract_end as renewal_date,
        ranked.days_until_renewal,
        ranked.estimate_id as expiring_estimate_id,
        -- at-risk R20
        {{ first_present('estimates.estimate_number', 'estimates.lmn_estimate_id') }} as expiring_estimate_number,
        estimates.division,
        estimates.address,
        -- at-risk R14: a flag, which excludes nothing
        duplicate_groups.account_id is not null as has_duplicates,

        -- the value at stake
        coalesce(selected_year_revenue.segment, '{{ without_revenue("segment") }}') as revenue_segment,
        coalesce(selected_year_revenue.revenue, {{ without_revenue("revenue") }}) as annual_revenue,
        estimates.price_used as estimate_value,

        -- the account's id in the platform's tables
        platform_ids.platform_account_id

    from ranked
    inner join accounts
        on ranked.account_id = accounts.account_id
    inner join estimates
        on ranked.estimate_id = estimates.id
    left join duplicate_groups
        on ranked.account_id = duplicate_groups.account_id
    left join selected_year_revenue
        on ranked.account_id = selected_year_revenue.account_id
    left join platform_ids
        on ranked.account_id = platform_ids.crm_account_id
    where ranked.choice = 1

)

select * from final
