with

profiles as (

    -- D14, contracts profile, contracts year-selection: a profile without a year has no rows
    select * from {{ ref('stg_crm__profiles') }}
    where has_selected_year

),

accounts as (

    select
        id,
        platform_account_id

    from {{ ref('accounts') }}

),

revenue as (

    select * from {{ ref('account_revenue_by_year') }}

),

final as (

    select
        -- identifiers
        profiles.profile_id,
        accounts.id as account_id,
        accounts.platform_account_id,

        -- facts, for the year that the profile selected
        profiles.selected_year,
        coalesce(revenue.revenue, {{ without_revenue("revenue") }}) as annual_revenue,
        coalesce(revenue.segment, '{{ without_revenue("segment") }}') as revenue_segment

    from profiles
    cross join accounts
    left join revenue
        on
            accounts.id = revenue.account_id
            and profiles.selected_year = revenue.year

)

select * from final
