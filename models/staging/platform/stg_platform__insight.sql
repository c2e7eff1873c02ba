with

source as (

    select * from {{ source('platform', 'insight') }}

),

renamed as (

    select
        organization_id,
        id as insight_id,
        data_ref as customer_id,

        {{ fold_text('type') }} as insight_type,
        source as insight_source,
        context as insight_context,

        coalesce(is_active, false) as is_active,

        created_at,
        last_detected_at,
        resolved_at

    from source

)

select * from renamed
