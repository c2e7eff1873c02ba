-- D26: the 17 types for every customer, and the unknown types that it has; no rows without a table of insights
with

insights as (

    select * from {{ ref('int_customer_success__insights') }}

),

customers as (

    select
        account_id,
        organization_id,
        crm_account_id

    from {{ ref('int_customer_success__account_spine') }}
    where is_customer

),

channels as (

    select * from {{ ref('int_communication__configured_channels') }}

),

insight_types as (

    select * from {{ ref('insight_types') }}

),

data_as_of as (

    select * from {{ ref('int_customer_success__data_as_of') }}

),

occurring as (

    select
        organization_id,
        customer_id as account_id,
        insight_type,
        bool_or(is_active) as is_active,
        min(created_at) as first_detected_date,
        max(detected_at) as last_detected_date

    from insights
    group by organization_id, customer_id, insight_type

),

flagged as (

    select
        customers.organization_id,
        customers.account_id,
        insight_types.insight_type

    from customers
    cross join insight_types
    cross join channels
    where insight_types.flag_position is not null and channels.has_insights

),

unknown as (

    select
        occurring.organization_id,
        occurring.account_id,
        occurring.insight_type

    from occurring
    left join insight_types on occurring.insight_type = insight_types.insight_type
    where insight_types.insight_type is null

),

listed as (

    select * from flagged
    union all
    select * from unknown

),

final as (

    select
        listed.account_id,
        listed.organization_id,
        listed.insight_type,
        coalesce(occurring.is_active, false) as is_active,
        occurring.first_detected_date,
        occurring.last_detected_date,
        {{ as_of() }} as extracted_at,
        data_as_of.data_as_of,
        customers.crm_account_id

    from listed
    inner join data_as_of on listed.organization_id = data_as_of.organization_id
    left join occurring
        on
            listed.organization_id = occurring.organization_id
            and listed.account_id = occurring.account_id
            and listed.insight_type = occurring.insight_type
    left join customers
        on listed.organization_id = customers.organization_id and listed.account_id = customers.account_id

)

select * from final
