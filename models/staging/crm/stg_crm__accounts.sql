with

source as (

    select * from {{ source('crm', 'accounts') }}

),

renamed as (

    select
        -- identifiers
        id as crm_account_id,
        lmn_crm_id,

        -- dimensions
        name,
        account_type,
        status,
        revenue_segment as stored_revenue_segment,
        tags,
        archived,
        icp_status,
        address_1,
        address_2,
        city,
        state,
        postal_code,
        country,

        -- facts
        annual_revenue as stored_annual_revenue,
        organization_score,

        -- dates
        last_interaction_date,
        renewal_date,
        snoozed_until,
        created_date,
        created_at,
        updated_at

    from source

)

select * from renamed
