with

spine as (

    select * from {{ ref('int_customer_success__account_spine') }}

),

stats as (

    select * from {{ ref('int_communication__account_stats') }}

),

data_as_of as (

    select * from {{ ref('int_customer_success__data_as_of') }}

),

-- D36: CRM-only accounts have no stats
final as (

    select
        -- key
        spine.account_id,

        -- email statistics
        cast(stats.total_emails as integer) as total_emails,
        cast(stats.team_sent_emails as integer) as team_sent_emails,
        stats.team_last_sent_email_date,
        cast(stats.account_sent_emails as integer) as account_sent_emails,
        stats.account_last_sent_email_date,
        cast(stats.emails_sent_by_owner as integer) as emails_sent_by_owner,
        {{ held_figure('stats.team_email_response_time_hours', 8) }} as team_email_response_time_hours,
        {{ held_figure('stats.account_email_response_time_hours', 8) }} as account_email_response_time_hours,
        cast(stats.team_open_email_threads as integer) as team_open_email_threads,
        cast(stats.account_open_email_threads as integer) as account_open_email_threads,
        stats.email_last_touch_dm,
        cast(stats.email_positive_sentiment as integer) as email_positive_sentiment,
        cast(stats.email_neutral_sentiment as integer) as email_neutral_sentiment,
        cast(stats.email_negative_sentiment as integer) as email_negative_sentiment,
        {{ cut_to('stats.email_provider', 50) }} as email_provider,

        -- meeting statistics
        cast(stats.total_meetings as integer) as total_meetings,
        {{ held_figure('stats.meeting_time_hours', 8) }} as meeting_time_hours,
        {{ held_figure('stats.team_meeting_time_hours', 8) }} as team_meeting_time_hours,
        {{ held_figure('stats.owner_meeting_time_hours', 8) }} as owner_meeting_time_hours,
        cast(stats.owner_total_meetings as integer) as owner_total_meetings,
        stats.last_meeting_date,
        stats.last_dm_meeting_date,
        stats.next_meeting_date,
        {{ cut_to('stats.meeting_provider', 50) }} as meeting_provider,

        -- chat statistics
        cast(stats.total_chat_messages as integer) as total_chat_messages,
        cast(stats.team_sent_chat_messages as integer) as team_sent_chat_messages,
        stats.team_last_sent_chat_date,
        cast(stats.account_sent_chat_messages as integer) as account_sent_chat_messages,
        stats.account_last_sent_chat_date,
        cast(stats.chat_messages_sent_by_owner as integer) as chat_messages_sent_by_owner,
        {{ held_figure('stats.team_chat_response_time_hours', 8) }} as team_chat_response_time_hours,
        {{ held_figure('stats.account_chat_response_time_hours', 8) }} as account_chat_response_time_hours,
        stats.last_dm_chat_date,
        cast(stats.chat_positive_sentiment as integer) as chat_positive_sentiment,
        cast(stats.chat_neutral_sentiment as integer) as chat_neutral_sentiment,
        cast(stats.chat_negative_sentiment as integer) as chat_negative_sentiment,
        {{ cut_to('stats.chat_provider', 50) }} as chat_provider,

        -- ticket statistics
        cast(stats.submitted_tickets as integer) as submitted_tickets,
        cast(stats.ticket_comments as integer) as ticket_comments,
        {{ held_figure('stats.team_ticket_response_time_hours', 8) }} as team_ticket_response_time_hours,
        {{ held_figure('stats.account_ticket_response_time_hours', 8) }} as account_ticket_response_time_hours,
        cast(stats.tickets_to_owner as integer) as tickets_to_owner,
        stats.last_ticket_opened_date,
        {{ cut_to('stats.ticket_provider', 50) }} as ticket_provider,

        -- effort metrics
        {{ held_figure('stats.team_effort_hours', 8) }} as team_effort_hours,
        {{ held_figure('stats.owner_effort_hours', 8) }} as owner_effort_hours,
        {{ held_figure('stats.team_effort_cost', 10) }} as team_effort_cost,
        {{ held_figure('stats.efficiency_rate', 6) }} as efficiency_rate,
        {{ held_figure('stats.time_frame_revenue', 10) }} as time_frame_revenue,

        -- system fields
        {{ as_of() }} as extracted_at,
        data_as_of.data_as_of,
        spine.organization_id

    from spine
    inner join data_as_of on spine.organization_id = data_as_of.organization_id
    left join stats
        on spine.organization_id = stats.organization_id and spine.account_id = stats.account_id and spine.is_customer

)

select * from final
