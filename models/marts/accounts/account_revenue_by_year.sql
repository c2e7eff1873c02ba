with

revenue as (

    select * from {{ ref('int_revenue__by_year') }}

),

final as (

    select
        -- identifiers
        account_id,
        year,

        -- facts
        revenue,
        total,
        share,
        segment,
        estimates_count

    from revenue

)

select * from final
