with

source as (

    select * from {{ source('platform', 'user_api_token') }}

),

renamed as (

    select
        organization_id,
        id as token_id,
        user_id,

        {{ fold_text('kind') }} as token_kind,
        provider,

        coalesce(active, false) as is_active,

        updated_at

    from source

)

select * from renamed
