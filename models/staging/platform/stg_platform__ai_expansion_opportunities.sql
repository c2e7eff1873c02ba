with

source as (

    select * from {{ source('platform', 'ai_expansion_opportunities') }}

),

renamed as (

    select
        organization_id,
        id as opportunity_id,
        customer_id,

        expansion_summary,
        readiness_level,
        churn_risk_summary,

        created_at

    from source

)

select * from renamed
