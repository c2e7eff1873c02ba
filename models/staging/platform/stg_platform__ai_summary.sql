with

source as (

    select * from {{ source('platform', 'ai_summary') }}

),

renamed as (

    select
        organization_id,
        id as summary_id,
        customer_id,
        event_id,

        {{ fold_text('kind') }} as summary_kind,
        summary,

        created_at

    from source

)

select * from renamed
