with

accounts as (

    select * from {{ ref('int_accounts__neglect') }}

),

final as (

    select
        -- identifiers
        account_id,
        name as account_name,

        -- how long nobody has been in contact, and how long that may last
        days_since_interaction,
        threshold_days,

        -- what is at stake
        revenue_segment,
        annual_revenue

    from accounts
    where excluded_by is null

)

select * from final
