with

revenue as (

    select * from {{ ref('int_revenue__by_year') }}

),

platform_ids as (

    select * from {{ ref('int_customer_success__platform_ids') }}

),

final as (

    select
        -- identifiers
        revenue.account_id,
        revenue.year,

        -- facts
        revenue.revenue,
        revenue.total,
        revenue.share,
        revenue.segment,
        revenue.estimates_count,

        -- the account's id in the platform's tables
        platform_ids.platform_account_id

    from revenue
    left join platform_ids
        on revenue.account_id = platform_ids.crm_account_id

)

select * from final
