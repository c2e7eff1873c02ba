{{ config(materialized='table') }}

-- scores engagement, sentiment, response time and open items: the inputs of each, in whole numbers
with

customers as (

    select * from {{ ref('int_customer_success__account_spine') }}
    where is_customer

),

constants as (

    select * from {{ ref('int_health__constants') }}

),

channels as (

    select * from {{ ref('int_communication__configured_channels') }}

),

stats as (

    select * from {{ ref('int_communication__account_stats') }}

),

stakeholders as (

    select * from {{ ref('int_communication__stakeholder_stats') }}

),

meetings as (

    select * from {{ ref('int_communication__meetings_by_customer') }}

),

answers as (

    select * from {{ ref('int_communication__email_answers') }}
    union all
    select * from {{ ref('int_communication__chat_answers') }}
    union all
    select * from {{ ref('int_communication__ticket_answers') }}

),

responses as (

    select
        organization_id,
        customer_id,
        sum(scored_team_answers) as team_answers,
        sum(scored_team_answer_seconds) as team_seconds,
        sum(scored_account_answers) as account_answers,
        sum(scored_account_answer_seconds) as account_seconds

    from answers
    group by organization_id, customer_id

),

inputs as (

    select
        customers.account_id,
        customers.organization_id,
        customers.tier_id,

        -- scores benchmark: churned customers are not peers of the others
        coalesce({{ fold_text('customers.status') }} = 'churned', false) as is_churned,

        -- events in 20,000ths: halves of an event times 10,000ths of a weight
        constants.engagement_email_weight * coalesce(stakeholders.email_weight, 0) as engagement_emails,
        constants.engagement_chat_weight * coalesce(stakeholders.chat_weight, 0) as engagement_chat_messages,
        constants.engagement_meeting_weight * coalesce(meetings.weight, 0) as engagement_meetings,
        constants.engagement_ticket_weight * coalesce(stakeholders.ticket_weight, 0) as engagement_tickets,

        -- messages with a sentiment, and their weights in 10,000ths
        coalesce(stakeholders.messages_with_sentiment, 0) as sentiment_messages,
        coalesce(stakeholders.positive_weight, 0) as sentiment_positive,
        coalesce(stakeholders.neutral_weight, 0) as sentiment_neutral,
        coalesce(stakeholders.negative_weight, 0) as sentiment_negative,

        -- seconds, half up
        cast({{ round_half_up('responses.team_seconds', 'responses.team_answers', 0) }} as bigint)
            as team_response,
        cast({{ round_half_up('responses.account_seconds', 'responses.account_answers', 0) }} as bigint)
            as account_response,

        -- items times the window's days
        constants.open_items_team_thread_weight * constants.window_days * coalesce(stats.team_open_email_threads, 0)
            as open_team_threads,
        constants.open_items_account_thread_weight * constants.window_days
        * coalesce(stats.account_open_email_threads, 0)
            as open_account_threads,
        constants.open_items_ticket_days * coalesce(stakeholders.scored_tickets, 0) as open_tickets,

        channels.has_any as has_engagement,
        channels.has_email or channels.has_tickets as has_open_items

    from customers
    cross join constants
    cross join channels
    left join stats
        on customers.organization_id = stats.organization_id and customers.account_id = stats.account_id
    left join stakeholders
        on customers.organization_id = stakeholders.organization_id and customers.account_id = stakeholders.customer_id
    left join meetings
        on customers.organization_id = meetings.organization_id and customers.account_id = meetings.customer_id
    left join responses
        on customers.organization_id = responses.organization_id and customers.account_id = responses.customer_id

),

-- D36: null, not 0, without any channel that has a source table
final as (

    select
        *,
        case when has_engagement then
            engagement_emails + engagement_chat_messages + engagement_meetings + engagement_tickets
        end as engagement,
        case when has_open_items then open_team_threads + open_account_threads + open_tickets end as open_items

    from inputs

)

select * from final
