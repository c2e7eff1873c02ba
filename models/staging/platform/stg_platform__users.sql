with

source as (

    select * from {{ source('platform', 'users') }}

),

renamed as (

    select
        organization_id,
        id as user_id,

        email,
        first_name,
        last_name,
        title,
        department,
        crm_id,
        state,

        hourly_cost,

        coalesce(excluded, false) as is_excluded

    from source

)

select * from renamed
