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

        -- nearly all responses match as they are, which saves trimming them
        case response
            when 'accepted' then true
            when 'declined' then false
            else coalesce({{ fold_text('response') }} = 'accepted', false)
        end as is_accepted,
        coalesce(attended, true) as is_attending

    from source

)

select * from renamed
