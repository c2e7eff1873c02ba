-- the account's insights (D26, D27)
with

insights as (

    select * from {{ ref('int_customer_success__insights') }}

),

resolutions as (

    select * from {{ ref('stg_platform__insight') }}

)

select
    insights.insight_id,
    insights.insight_type,
    insights.created_at as first_detected_at,
    insights.detected_at,
    resolutions.resolved_at,
    insights.insight_source as source,
    insights.insight_context as context,
    insights.is_active

from insights
inner join resolutions
    on insights.organization_id = resolutions.organization_id and insights.insight_id = resolutions.insight_id
where {{ is_explained_customer('insights') }}
