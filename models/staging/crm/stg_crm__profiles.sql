with

source as (

    select * from {{ source('crm', 'profiles') }}

),

renamed as (

    select
        -- identifiers
        id as profile_id,

        -- dimensions
        selected_year,
        -- D14: any other year counts as none
        coalesce(selected_year between 2000 and 2100, false) as has_selected_year

    from source

)

select * from renamed
