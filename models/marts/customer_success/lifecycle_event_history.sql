-- D27: the detections of the 12 lifecycle types; held meetings of kind qbr are not detections, and not here
with

insights as (

    select * from {{ ref('int_customer_success__insights') }}

),

insight_types as (

    select * from {{ ref('insight_types') }}

),

links as (

    select * from {{ ref('int_customer_success__crm_links') }}

),

data_as_of as (

    select * from {{ ref('int_customer_success__data_as_of') }}

),

final as (

    select
        insights.insight_id as event_id,
        insights.customer_id as account_id,
        insights.organization_id,
        insights.insight_type as event_type,
        insights.detected_at as event_date,
        insights.insight_source as event_source,
        insights.insight_context as event_context,
        {{ as_of() }} as extracted_at,
        data_as_of.data_as_of,
        links.crm_account_id

    from insights
    inner join insight_types on insights.insight_type = insight_types.insight_type
    inner join data_as_of on insights.organization_id = data_as_of.organization_id
    left join links
        on insights.organization_id = links.organization_id and insights.customer_id = links.customer_id
    where insight_types.lifecycle_position is not null and insights.detected_at is not null

)

select * from final
