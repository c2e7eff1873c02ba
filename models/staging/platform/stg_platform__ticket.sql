with

source as (

    select * from {{ source('platform', 'ticket') }}

),

renamed as (

    select
        organization_id,
        id as ticket_id,
        customer_id,
        requester_id,
        assignee_id,

        {{ sentiment_of('sentiment') }} as sentiment,

        opened_at,
        closed_at

    from source

)

select * from renamed
