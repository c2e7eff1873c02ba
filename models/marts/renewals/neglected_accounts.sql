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

        -- how long nobody has been in contact, and how long that may last
        accounts.days_since_interaction,
        accounts.threshold_days,

        -- what is at stake
        accounts.revenue_segment,
        accounts.annual_revenue,

        -- what the platform's tables call the account
        platform_ids.platform_account_id

    from accounts
    left join platform_ids
        on accounts.account_id = platform_ids.crm_account_id
    where accounts.excluded_by is null

)

select * from final
