-- D2, D26, D31: the platform's rows that were loaded but do not count, or count only in part
{%- set dated = [
    ('insight', 'created_at'),
    ('ai_expansion_opportunities', 'created_at'),
    ('ai_summary', 'created_at'),
    ('note', 'created_at'),
    ('user_api_token', 'updated_at'),
    ('topic', 'created_at'),
    ('topic_mention', 'occurred_at'),
] %}
{%- set of_customers = [
    'stakeholder',
    'insight',
    'ai_expansion_opportunities',
    'ai_summary',
    'note',
    'calendar_event_prop',
    'topic_mention',
] %}
{%- set messages = [
    ('email_prop', 'int_communication__emails_by_user'),
    ('chat_message', 'int_communication__chat_by_user'),
    ('ticket', 'int_communication__ticket_openings_by_user'),
] %}

with

customers as (

    select
        organization_id,
        customer_id

    from {{ ref('stg_platform__customer') }}

),

insight_types as (

    select * from {{ ref('insight_types') }}

),

comments as (

    select
        comments.organization_id,
        comments.created_at,
        customers.customer_id is not null as has_customer,
        tickets.ticket_id is not null as has_ticket

    from {{ ref('stg_platform__ticket_comment') }} as comments
    left join customers
        on comments.organization_id = customers.organization_id and comments.customer_id = customers.customer_id
    left join {{ ref('stg_platform__ticket') }} as tickets
        on
            comments.organization_id = tickets.organization_id
            and comments.ticket_id = tickets.ticket_id
            and comments.customer_id = tickets.customer_id
            and tickets.opened_at <= {{ as_of() }}

),

ignored as (
{% for table, instant in dated %}
    select
        organization_id,
        '{{ table }}' as table_name,
        'dated after the run' as reason,
        count(*) as row_count

    from {{ ref('stg_platform__' ~ table) }}
    where {{ instant }} > {{ as_of() }}
    group by organization_id

    union all
{% endfor %}
{%- for table in of_customers %}
    select
        rows_of_customers.organization_id,
        '{{ table }}' as table_name,
        'unknown customer' as reason,
        count(*) as row_count

    from {{ ref('stg_platform__' ~ table) }} as rows_of_customers
    left join customers
        on
            rows_of_customers.organization_id = customers.organization_id
            and rows_of_customers.customer_id = customers.customer_id
    where customers.customer_id is null
    group by rows_of_customers.organization_id

    union all
{% endfor %}
{%- for table, model in messages %}
    select
        organization_id,
        '{{ table }}' as table_name,
        'dated after the run' as reason,
        sum(future_messages) as row_count

    from {{ ref(model) }}
    group by organization_id

    union all

    select
        by_user.organization_id,
        '{{ table }}' as table_name,
        'unknown customer' as reason,
        sum(by_user.past_messages) as row_count

    from {{ ref(model) }} as by_user
    left join customers
        on by_user.organization_id = customers.organization_id and by_user.customer_id = customers.customer_id
    where customers.customer_id is null
    group by by_user.organization_id

    union all
{% endfor %}
    select
        organization_id,
        'ticket_comment' as table_name,
        case
            when created_at > {{ as_of() }} then 'dated after the run'
            when not has_customer then 'unknown customer'
            else 'unknown ticket'
        end as reason,
        count(*) as row_count

    from comments
    where created_at > {{ as_of() }} or not has_customer or not has_ticket
    group by
        organization_id,
        case
            when created_at > {{ as_of() }} then 'dated after the run'
            when not has_customer then 'unknown customer'
            else 'unknown ticket'
        end

    union all

    select
        attendees.organization_id,
        'calendar_event_attendee' as table_name,
        'unknown meeting' as reason,
        count(*) as row_count

    from {{ ref('stg_platform__calendar_event_attendee') }} as attendees
    left join {{ ref('stg_platform__calendar_event_prop') }} as events
        on attendees.organization_id = events.organization_id and attendees.event_id = events.event_id
    where events.event_id is null
    group by attendees.organization_id

    union all

    select
        summaries.organization_id,
        'ai_summary' as table_name,
        'unknown meeting' as reason,
        count(*) as row_count

    from {{ ref('stg_platform__ai_summary') }} as summaries
    left join {{ ref('stg_platform__calendar_event_prop') }} as events
        on
            summaries.organization_id = events.organization_id
            and summaries.customer_id = events.customer_id
            and summaries.event_id = events.event_id
    where summaries.event_id is not null and events.event_id is null
    group by summaries.organization_id

    union all

    -- counted, without the topic's name
    select
        mentions.organization_id,
        'topic_mention' as table_name,
        'unknown topic' as reason,
        count(*) as row_count

    from {{ ref('stg_platform__topic_mention') }} as mentions
    left join {{ ref('int_topics__topics') }} as topics
        on mentions.organization_id = topics.organization_id and mentions.topic_id = topics.topic_id
    where topics.topic_id is null
    group by mentions.organization_id

    union all

    -- D31: held, with 0 hours
    select
        organization_id,
        'calendar_event_prop' as table_name,
        'no end, or an end before the start' as reason,
        sum(meetings_without_valid_end) as row_count

    from {{ ref('int_communication__meetings_by_customer') }}
    group by organization_id

    union all

    -- D27: counted, without the date
    select
        organization_id,
        'insight' as table_name,
        'last detected after the run' as reason,
        count(*) as row_count

    from {{ ref('stg_platform__insight') }}
    where created_at <= {{ as_of() }} and last_detected_at > {{ as_of() }}
    group by organization_id

    union all

    -- D26: kept in insight_snapshot
    select
        insights.organization_id,
        'insight' as table_name,
        'unknown type ' || insights.insight_type as reason,
        count(*) as row_count

    from {{ ref('stg_platform__insight') }} as insights
    left join insight_types on insights.insight_type = insight_types.insight_type
    where insight_types.insight_type is null
    group by insights.organization_id, insights.insight_type

),

final as (

    select
        organization_id,
        table_name,
        reason,
        cast(row_count as bigint) as row_count

    from ignored
    where row_count > 0

)

select * from final
