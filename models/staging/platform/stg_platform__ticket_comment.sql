with

source as (

    select * from {{ source('platform', 'ticket_comment') }}

),

renamed as (

    select
        organization_id,
        id as comment_id,
        customer_id,
        ticket_id,
        user_id,
        stakeholder_id,

        direction,
        {{ sentiment_of('sentiment') }} as sentiment,

        created_at

    from source

)

select * from renamed
