-- D2, D26, D27: the insights of known customers that existed at the run's instant
with

insights as (

    select * from {{ ref('stg_platform__insight') }}

),

customers as (

    select * from {{ ref('stg_platform__customer') }}

),

known as (

    select
        insights.organization_id,
        insights.insight_id,
        insights.customer_id,

        insights.insight_type,
        insights.insight_source,
        insights.insight_context,

        insights.is_active,

        insights.created_at,
        -- D27: the last detection, if it is not after the run's instant
        case
            when coalesce(insights.last_detected_at, insights.created_at) <= {{ as_of() }}
                then coalesce(insights.last_detected_at, insights.created_at)
        end as detected_at

    from insights
    inner join customers
        on insights.organization_id = customers.organization_id and insights.customer_id = customers.customer_id
    where insights.created_at <= {{ as_of() }}

)

select * from known
