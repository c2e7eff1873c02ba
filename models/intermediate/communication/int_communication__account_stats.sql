{{ config(materialized='table') }}

-- D28 to D36: every communication column of a customer, null if its channel has no source table
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

        -- email and chat
        {% for channel, messages, last_decision_maker in [
            ('email', 'emails', 'email_last_touch_dm'),
            ('chat', 'chat_messages', 'last_dm_chat_date'),
        ] -%}
        case
            when channels.has_{{ channel }}
                then coalesce(messages.{{ channel }}_team_messages + messages.{{ channel }}_account_messages, 0)
        end as total_{{ messages }},
        {% for side in ['team', 'account'] -%}
        case
            when channels.has_{{ channel }}
                then coalesce(messages.{{ channel }}_{{ side }}_messages, 0)
        end as {{ side }}_sent_{{ messages }},
        case
            when channels.has_{{ channel }}
                then messages.last_{{ channel }}_from_{{ side }}_at
        end as {{ side }}_last_sent_{{ channel }}_date,
        {% endfor -%}
        case
            when channels.has_{{ channel }}
                then coalesce(messages.owner_{{ messages }}, 0)
        end as {{ messages }}_sent_by_owner,
        case
            when channels.has_{{ channel }}
                then stakeholders.last_{{ channel }}_dm_at
        end as {{ last_decision_maker }},
        {% for sentiment in ['positive', 'negative'] -%}
        case
            when channels.has_{{ channel }}
                then coalesce(messages.{{ channel }}_{{ sentiment }}_messages, 0)
        end as {{ channel }}_{{ sentiment }}_sentiment,
        {% endfor -%}
        case when channels.has_{{ channel }} then coalesce(
            messages.{{ channel }}_team_messages + messages.{{ channel }}_account_messages
            - messages.{{ channel }}_positive_messages - messages.{{ channel }}_negative_messages, 0
        ) end as {{ channel }}_neutral_sentiment,
        {% endfor -%}
        {% for side in ['team', 'account'] -%}
        case
            when channels.has_email
                then coalesce(email_answers.{{ side }}_open_threads, 0)
        end as {{ side }}_open_email_threads,
        {% endfor %}

        -- tickets
        case
            when channels.has_tickets
                then coalesce(messages.ticket_opening_account_messages, 0)
        end as submitted_tickets,
        case
            when channels.has_tickets
                then coalesce(messages.ticket_comment_team_messages + messages.ticket_comment_account_messages, 0)
        end as ticket_comments,
        case when channels.has_tickets then coalesce(messages.owner_tickets, 0) end as tickets_to_owner,
        case when channels.has_tickets then messages.last_ticket_opening_from_account_at end as last_ticket_opened_date,
        {% for sentiment in ['positive', 'negative'] -%}
        case when channels.has_tickets then coalesce(
            messages.ticket_comment_{{ sentiment }}_messages + messages.ticket_opening_{{ sentiment }}_messages, 0
        ) end as ticket_{{ sentiment }}_sentiment,
        {% endfor -%}
        case when channels.has_tickets then coalesce(
            messages.ticket_comment_team_messages + messages.ticket_comment_account_messages
            - messages.ticket_comment_positive_messages - messages.ticket_comment_negative_messages
            + messages.ticket_opening_account_messages
            - messages.ticket_opening_positive_messages - messages.ticket_opening_negative_messages, 0
        ) end as ticket_neutral_sentiment,

        -- meetings
        case when channels.has_meetings then coalesce(meetings.meetings, 0) end as total_meetings,
        case when channels.has_meetings then {{ hours_of('meetings.microseconds') }} end as meeting_time_hours,
        {% for whose in ['team', 'owner'] -%}
        case
            when channels.has_meetings
                then {{ hours_of('effort.' ~ whose ~ '_meeting_microseconds') }}
        end as {{ whose }}_meeting_time_hours,
        {% endfor -%}
        case when channels.has_meetings then coalesce(effort.owner_meetings, 0) end as owner_total_meetings,
        case when channels.has_meetings then meetings.last_meeting_at end as last_meeting_date,
        case when channels.has_meetings then stakeholders.last_meeting_dm_at end as last_dm_meeting_date,
        case when channels.has_meetings then meetings.next_meeting_at end as next_meeting_date,

        -- response times
        {% for channel, configured in [('email', 'has_email'), ('chat', 'has_chat'), ('ticket', 'has_tickets')] -%}
        {% for side in ['team', 'account'] -%}
        case
            when channels.{{ configured }}
                then {{ average_answer_hours(channel ~ '_answers', side) }}
        end as {{ side }}_{{ channel }}_response_time_hours,
        {% endfor -%}
        {% endfor %}

        -- providers
        case when channels.has_email then providers.email_provider end as email_provider,
        case when channels.has_meetings then providers.meeting_provider end as meeting_provider,
        case when channels.has_chat then providers.chat_provider end as chat_provider,
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

-- D33: dates of channels without a source table are null, and greatest ignores nulls
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
        -- D33, D36: sums over the channels that have a source table
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
