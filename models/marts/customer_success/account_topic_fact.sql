-- related account_topic_fact: how often each topic came up with each customer, by channel and sentiment
with

mentions as (

    select * from {{ ref('stg_platform__topic_mention') }}
    -- D2, D36: the window of all communication counts
    where {{ in_communication_window('occurred_at') }}

),

topics as (

    select * from {{ ref('int_topics__topics') }}

),

customers as (

    select
        account_id,
        organization_id,
        crm_account_id

    from {{ ref('int_customer_success__account_spine') }}
    where is_customer

),

data_as_of as (

    select * from {{ ref('int_customer_success__data_as_of') }}

),

counted as (

    select
        organization_id,
        customer_id,
        topic_id,

        count(*) as mentions,
        {% for sentiment in ['positive', 'negative'] -%}
        count(*) filter (where sentiment = '{{ sentiment }}') as {{ sentiment }}_mentions,
        {% endfor -%}
        {% for channel in ['email', 'chat', 'video', 'ticket'] -%}
        count(*) filter (where channel = '{{ channel }}') as {{ channel }}_mentions{{ "," if not loop.last }}
        {% endfor %}
    from mentions
    group by organization_id, customer_id, topic_id

),

final as (

    select
        -- keys
        counted.customer_id as account_id,
        counted.topic_id,
        counted.organization_id,

        -- names: null for a topic that is not in the table of topics
        {{ cut_to('topics.topic_name', 100) }} as topic_name,
        {{ cut_to('topics.parent_topic_name', 100) }} as parent_topic_name,

        -- D36: no sentiment counts as neutral
        cast(counted.positive_mentions as integer) as topic_positive_sentiment,
        cast(counted.mentions - counted.positive_mentions - counted.negative_mentions as integer)
            as topic_neutral_sentiment,
        cast(counted.negative_mentions as integer) as topic_negative_sentiment,

        -- channels
        cast(counted.mentions as integer) as topic_total_activity,
        cast(counted.email_mentions as integer) as topic_total_emails,
        cast(counted.chat_mentions as integer) as topic_total_chat,
        cast(counted.video_mentions as integer) as topic_total_video,
        cast(counted.ticket_mentions as integer) as topic_total_tickets,

        -- system fields
        {{ as_of() }} as extracted_at,
        data_as_of.data_as_of,

        -- the account's id in the CRM's tables
        customers.crm_account_id

    from counted
    inner join customers
        on counted.organization_id = customers.organization_id and counted.customer_id = customers.account_id
    inner join data_as_of on counted.organization_id = data_as_of.organization_id
    left join topics
        on counted.organization_id = topics.organization_id and counted.topic_id = topics.topic_id

)

select * from final
