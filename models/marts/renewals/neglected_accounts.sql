with

accounts as (

    select * from {{ ref('int_accounts__neglect') }}

),

platform_ids as (

    select * from {{ ref('int_customer_success__platform_ids') }}

),

final as (

    select
        -- identifiers
        accounts.account_id,
        accounts.name as account_name,

        -- the days since the last interaction, and how many are allowed
        accounts.days_since_interaction,
        accounts.threshold_days,

        -- the value at stake
        accounts.revenue_segment,
        accounts.annual_revenue,

        -- the account's id in the platform's tables
        platform_ids.platform_account_id

    from accounts
    left join platform_ids
        on accounts.account_id = platform_ids.crm_account_id
    where accounts.excluded_by is null

)

select * from final
