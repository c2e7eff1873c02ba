with

source as (

    select * from {{ source('platform', 'chat_message') }}

),

renamed as (

    select
        organization_id,
        id as message_id,
        customer_id,
        conversation_id,
        user_id,
        stakeholder_id,

        direction,
        {{ sentiment_of('sentiment') }} as sentiment,

        sent_at

    from source

)

select * from renamed
