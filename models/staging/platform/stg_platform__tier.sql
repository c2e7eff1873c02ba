with

source as (

    select * from {{ source('platform', 'tier') }}

),

renamed as (

    select
        organization_id,
        id as tier_id,

        name as tier_name

    from source

)

select * from renamed
