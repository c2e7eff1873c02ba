-- D36: which channels have any of their source tables; one row. A table of attendees alone is not a channel.
-- D26: whether insights, attendees and tokens have a source table.
with

configured_tables as (

    select * from {{ source("run", "configured_tables") }}

),

channels as (

    select
        count(*) filter (where table_name = 'email_prop') > 0 as has_email,
        count(*) filter (where table_name = 'calendar_event_prop') > 0 as has_meetings,
        count(*) filter (where table_name = 'chat_message') > 0 as has_chat,
        count(*) filter (where table_name in ('ticket', 'ticket_comment')) > 0 as has_tickets,
        count(*) filter (where table_name = 'calendar_event_attendee') > 0 as has_attendees,
        count(*) filter (where table_name = 'insight') > 0 as has_insights,
        count(*) filter (where table_name = 'user_api_token') > 0 as has_tokens

    from configured_tables
    where source = 'platform'

),

final as (

    select
        has_email,
        has_meetings,
        has_chat,
        has_tickets,
        has_email or has_meetings or has_chat or has_tickets as has_any,
        has_attendees,
        has_insights,
        has_tokens

    from channels

)

select * from final
