with

source as (

    select * from {{ source('platform', 'customer') }}

),

renamed as (

    select
        organization_id,
        id as customer_id,
        nullif({{ trim_text('crm_id') }}, '') as crm_id,
        app_id,
        parent_id,
        tier_id,
        owner as owner_id,
        journey_id,

        name as customer_name,
        domain,
        status,
        status_detail,

        revenue,

        renewal as renewal_date,
        contract_start_date,
        churn_date,

        updated_at

    from source

)

select * from renamed
