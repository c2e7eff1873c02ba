with

source as (

    select * from {{ source('crm', 'profiles') }}

),

renamed as (

    select
        -- identifiers
        id as profile_id,

        -- dimensions
        selected_year

    from source

)

select * from renamed
