with

source as (

    select * from {{ source('platform', 'customer_journey') }}

),

renamed as (

    select
        organization_id,
        id as journey_id,

        name as journey_phase_name

    from source

)

select * from renamed
