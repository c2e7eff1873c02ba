-- related topic_dimension: the topics that customers talk about
with

topics as (

    select * from {{ ref('int_topics__topics') }}

),

data_as_of as (

    select * from {{ ref('int_customer_success__data_as_of') }}

),

final as (

    select
        -- keys
        topics.topic_id,
        topics.organization_id,

        -- attributes
        {{ cut_to('topics.topic_name', 100) }} as topic_name,
        topics.parent_id as parent_topic_id,
        topics.description as topic_description,
        topics.created_at as topic_created_at,

        -- system fields
        {{ as_of() }} as extracted_at,
        data_as_of.data_as_of

    from topics
    inner join data_as_of on topics.organization_id = data_as_of.organization_id

)

select * from final
