with

source as (

    select * from {{ source('platform', 'note') }}

),

renamed as (

    select
        organization_id,
        id as note_id,
        customer_id,

        body,

        created_at

    from source

)

select * from renamed
