with

source as (

    select * from {{ source('platform', 'calendar_event_attendee') }}

),

renamed as (

    select
        organization_id,
        event_id,
        user_id,
        stakeholder_id,

        coalesce(attended, true) as is_attending

    from source

)

select * from renamed
