with

source as (

    select * from {{ source('platform', 'topic_mention') }}

),

renamed as (

    select
        organization_id,
        id as mention_id,
        customer_id,
        topic_id,

        {{ fold_text('channel') }} as channel,
        {{ sentiment_of('sentiment') }} as sentiment,

        occurred_at

    from source

)

select * from renamed
