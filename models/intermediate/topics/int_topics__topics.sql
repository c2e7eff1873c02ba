-- related topic_dimension: the topics that exist at the run's instant, each with its parent's name
with

topics as (

    select * from {{ ref('stg_platform__topic') }}
    -- D2: topics created after the run's instant do not count
    where created_at is null or created_at <= {{ as_of() }}

),

with_parent as (

    select
        topics.organization_id,
        topics.topic_id,
        topics.parent_id,

        topics.topic_name,
        parents.topic_name as parent_topic_name,
        topics.description,

        topics.created_at

    from topics
    left join topics as parents
        on topics.organization_id = parents.organization_id and topics.parent_id = parents.topic_id

)

select * from with_parent
