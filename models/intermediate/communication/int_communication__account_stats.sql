{{ config(materialized='table') }}

-- D28 to D36: every communication column of a customer, null where its channel has no source table
with

customers as (

    select * from {{ ref('int_customer_success__account_spine') }}
    where is_customer

),

channels as (

    select * from {{ ref('int_communication__configured_channels') }}

),

messages as (

    select * from {{ ref('int_communication__message_stats') }}

),

email_answers as (

    select * from {{ ref('int_communication__email_answers') }}

),

chat_answers as (

    select * from {{ ref('int_communication__chat_answers') }}

),

ticket_answers as (

    select * from {{ ref('int_communication__ticket_answers') }}

),

meetings as (

    select * from {{ ref('int_communication__meetings_by_customer') }}

),

stakeholders as (

    select * from {{ ref('int_communication__stakeholder_stats') }}

),

stakeholder_counts as (

    select
        organization_id,
        customer_id,
        count(*) as stakeholders_count

    from {{ ref('stg_platform__stakeholder') }}
    where not is_opted_out
    group by organization_id, customer_id

),

effort as (

    select * from {{ ref('int_communication__effort') }}

),

providers as (

    select * from {{ ref('int_customer_success__providers') }}

),

by_channel as (

    select
        customers.account_id,
        customers.organization_id,

        -- email
        case
            when channels.has_email
                then coalesce(messages.email_team_messages + messages.email_account_messages, 0)
        end as total_emails,
        case when channels.has_email then coalesce(messages.email_team_messages, 0) end as team_sent_emails,
        case when channels.has_email then messages.last_email_from_team_at end as team_last_sent_email_date,
        case when channels.has_email then coalesce(messages.email_account_messages, 0) end as account_sent_emails,
        case when channels.has_email then messages.last_email_from_account_at end as account_last_sent_email_date,
        case when channels.has_email then coalesce(messages.owner_emails, 0) end as emails_sent_by_owner,
        case
            when channels.has_email
                then {{ average_answer_hours('email_answers', 'team') }}
        end as team_email_response_time_hours,
        case
            when channels.has_email
                then {{ average_answer_hours('email_answers', 'account') }}
        end as account_email_response_time_hours,
        case when channels.has_email then coalesce(email_answers.team_open_threads, 0) end as team_open_email_threads,
        case
            when channels.has_email
                then coalesce(email_answers.account_open_threads, 0)
        end as account_open_email_threads,
        case when channels.has_email then stakeholders.last_email_dm_at end as email_last_touch_dm,
        case when channels.has_email then coalesce(messages.email_positive_messages, 0) end as email_positive_sentiment,
        case when channels.has_email then coalesce(
            messages.email_team_messages + messages.email_account_messages
            - messages.email_positive_messages - messages.email_negative_messages, 0
        ) end as email_neutral_sentiment,
        case when channels.has_email then coalesce(messages.email_negative_messages, 0) end as email_negative_sentiment,
        case when channels.has_email then providers.email_provider end as email_provider,

        -- meetings
        case when channels.has_meetings then coalesce(meetings.meetings, 0) end as total_meetings,
        case when channels.has_meetings then {{ hours_of('meetings.microseconds') }} end as meeting_time_hours,
        case
            when channels.has_meetings
                then {{ hours_of('effort.team_meeting_microseconds') }}
        end as team_meeting_time_hours,
        case
            when channels.has_meetings
                then {{ hours_of('effort.owner_meeting_microseconds') }}
        end as owner_meeting_time_hours,
        case when channels.has_meetings then coalesce(effort.owner_meetings, 0) end as owner_total_meetings,
        case when channels.has_meetings then meetings.last_meeting_at end as last_meeting_date,
        case when channels.has_meetings then stakeholders.last_meeting_dm_at end as last_dm_meeting_date,
        case when channels.has_meetings then meetings.next_meeting_at end as next_meeting_date,
        case when channels.has_meetings then providers.meeting_provider end as meeting_provider,

        -- chat
        case
            when channels.has_chat
                then coalesce(messages.chat_team_messages + messages.chat_account_messages, 0)
        end as total_chat_messages,
        case when channels.has_chat then coalesce(messages.chat_team_messages, 0) end as team_sent_chat_messages,
        case when channels.has_chat then messages.last_chat_from_team_at end as team_last_sent_chat_date,
        case when channels.has_chat then coalesce(messages.chat_account_messages, 0) end as account_sent_chat_messages,
        case when channels.has_chat then messages.last_chat_from_account_at end as account_last_sent_chat_date,
        case when channels.has_chat then coalesce(messages.owner_chat_messages, 0) end as chat_messages_sent_by_owner,
        case
            when channels.has_chat
                then {{ average_answer_hours('chat_answers', 'team') }}
        end as team_chat_response_time_hours,
        case
            when channels.has_chat
                then {{ average_answer_hours('chat_answers', 'account') }}
        end as account_chat_response_time_hours,
        case when channels.has_chat then stakeholders.last_chat_dm_at end as last_dm_chat_date,
        case when channels.has_chat then coalesce(messages.chat_positive_messages, 0) end as chat_positive_sentiment,
        case when channels.has_chat then coalesce(
            messages.chat_team_messages + messages.chat_account_messages
            - messages.chat_positive_messages - messages.chat_negative_messages, 0
        ) end as chat_neutral_sentiment,
        case when channels.has_chat then coalesce(messages.chat_negative_messages, 0) end as chat_negative_sentiment,
        case when channels.has_chat then providers.chat_provider end as chat_provider,

        -- tickets
        case
            when channels.has_tickets
                then coalesce(messages.ticket_opening_account_messages, 0)
        end as submitted_tickets,
        case
            when channels.has_tickets
                then coalesce(messages.ticket_comment_team_messages + messages.ticket_comment_account_messages, 0)
        end as ticket_comments,
        case
            when channels.has_tickets
                then {{ average_answer_hours('ticket_answers', 'team') }}
        end as team_ticket_response_time_hours,
        case
            when channels.has_tickets
                then {{ average_answer_hours('ticket_answers', 'account') }}
        end as account_ticket_response_time_hours,
        case when channels.has_tickets then coalesce(messages.owner_tickets, 0) end as tickets_to_owner,
        case when channels.has_tickets then messages.last_ticket_opening_from_account_at end as last_ticket_opened_date,
        case when channels.has_tickets then providers.ticket_provider end as ticket_provider,

        -- effort
        case when channels.has_any then {{ hours_of('effort.team_effort_microseconds') }} end as team_effort_hours,
        case when channels.has_any then {{ hours_of('effort.owner_effort_microseconds') }} end as owner_effort_hours,
        case
            when channels.has_any
                then {{ round_half_up('coalesce(effort.team_effort_cent_microseconds, 0)', 360000000000, 2) }}
        end as team_effort_cost,
        customers.revenue,

        -- activity
        coalesce(stakeholder_counts.stakeholders_count, 0) as stakeholders_count,
        case when channels.has_any then coalesce(effort.users_count, 0) end as users_count,
        case when channels.has_any then coalesce(stakeholders.active_stakeholders, 0) >= 2 end as multi_threaded,
        case when channels.has_tickets then coalesce(
            messages.ticket_comment_positive_messages + messages.ticket_opening_positive_messages, 0
        ) end as ticket_positive_sentiment,
        case when channels.has_tickets then coalesce(
            messages.ticket_comment_team_messages + messages.ticket_comment_account_messages
            - messages.ticket_comment_positive_messages - messages.ticket_comment_negative_messages
            + messages.ticket_opening_account_messages
            - messages.ticket_opening_positive_messages - messages.ticket_opening_negative_messages, 0
        ) end as ticket_neutral_sentiment,
        case when channels.has_tickets then coalesce(
            messages.ticket_comment_negative_messages + messages.ticket_opening_negative_messages, 0
        ) end as ticket_negative_sentiment,
        channels.has_any,
        messages.last_ticket_comment_from_team_at,
        messages.last_ticket_comment_from_account_at,
        meetings.last_engaged_meeting_at,
        stakeholders.last_touch_dm_at as last_touch_dm

    from customers
    cross join channels
    left join messages
        on customers.organization_id = messages.organization_id and customers.account_id = messages.customer_id
    left join email_answers
        on
            customers.organization_id = email_answers.organization_id
            and customers.account_id = email_answers.customer_id
    left join chat_answers
        on customers.organization_id = chat_answers.organization_id and customers.account_id = chat_answers.customer_id
    left join ticket_answers
        on
            customers.organization_id = ticket_answers.organization_id
            and customers.account_id = ticket_answers.customer_id
    left join meetings
        on customers.organization_id = meetings.organization_id and customers.account_id = meetings.customer_id
    left join stakeholders
        on customers.organization_id = stakeholders.organization_id and customers.account_id = stakeholders.customer_id
    left join stakeholder_counts
        on
            customers.organization_id = stakeholder_counts.organization_id
            and customers.account_id = stakeholder_counts.customer_id
    left join effort
        on customers.organization_id = effort.organization_id and customers.account_id = effort.customer_id
    left join providers
        on customers.organization_id = providers.organization_id and customers.account_id = providers.customer_id

),

-- D33: dates of channels without a source table are null, and greatest passes nulls over
touches as (

    select
        *,
        greatest(
            account_last_sent_email_date,
            account_last_sent_chat_date,
            last_ticket_comment_from_account_at,
            last_ticket_opened_date,
            last_engaged_meeting_at
        ) as last_engagement,
        greatest(
            team_last_sent_email_date,
            team_last_sent_chat_date,
            last_ticket_comment_from_team_at,
            last_meeting_date
        ) as last_reach_out,
        -- D34: the account's revenue in the effort window, from cents
        {{ round_half_up('cast(revenue * 100 as ' ~ wide_integer() ~ ') * ' ~ var('effort_window_days'), 36500, 2) }}
            as time_frame_revenue

    from by_channel

),

final as (

    select
        *,
        greatest(last_engagement, last_reach_out) as last_touch,
        -- D33, D36: sums of the channels there are
        case when has_any then
            coalesce(total_emails, 0) + coalesce(total_meetings, 0) + coalesce(total_chat_messages, 0)
            + coalesce(submitted_tickets, 0)
        end as total_activity,
        {% for sentiment in ['positive', 'neutral', 'negative'] -%}
        case when total_emails is not null or total_chat_messages is not null or submitted_tickets is not null then
            coalesce(email_{{ sentiment }}_sentiment, 0) + coalesce(chat_{{ sentiment }}_sentiment, 0)
            + coalesce(ticket_{{ sentiment }}_sentiment, 0)
        end as {{ sentiment }}_sentiment,
        {% endfor -%}
        -- D34: from the two published values, in cents
        case when revenue > 0 then
            {{ round_half_up('team_effort_cost * 100', 'time_frame_revenue * 100', 4) }}
        end as efficiency_rate

    from touches

)

select * from final
