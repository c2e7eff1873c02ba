with

source as (

    select * from {{ source('platform', 'calendar_event_prop') }}

),

renamed as (

    select
        organization_id,
        id as event_id,
        customer_id,

        {{ fold_text('status') }} as meeting_status,
        {{ fold_text('kind') }} as meeting_kind,
        organizer_email,

        start_time,
        end_time

    from source

)

select * from renamed
