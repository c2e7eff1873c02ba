with

source as (

    select * from {{ source('platform', 'email_prop') }}

),

renamed as (

    select
        organization_id,
        id as email_id,
        customer_id,
        thread_id,
        user_id,
        stakeholder_id,

        direction,
        {{ sentiment_of('sentiment') }} as sentiment,

        sent_at

    from source

)

select * from renamed
