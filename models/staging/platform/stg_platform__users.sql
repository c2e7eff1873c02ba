with

source as (

    select * from {{ source('platform', 'users') }}

),

renamed as (

    select
        organization_id,
        id as user_id,

        email,

        hourly_cost,

        coalesce(excluded, false) as is_excluded

    from source

)

select * from renamed
