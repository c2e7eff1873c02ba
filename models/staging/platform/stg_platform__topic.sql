with

source as (

    select * from {{ source('platform', 'topic') }}

),

renamed as (

    select
        organization_id,
        id as topic_id,
        parent_id,

        name as topic_name,
        description,

        created_at

    from source

)

select * from renamed
