-- D36: which channels have their source table; one row
with

loads as (

    select * from {{ source("run", "loads") }}

),

platform as (

    select
        table_name,
        is_configured

    from loads
    where source = 'platform'

),

channels as (

    select
        coalesce(bool_or(is_configured) filter (where table_name = 'email_prop'), false) as has_email,
        coalesce(bool_or(is_configured) filter (where table_name = 'calendar_event_prop'), false) as has_meetings,
        coalesce(bool_or(is_configured) filter (where table_name = 'chat_message'), false) as has_chat,
        coalesce(bool_or(is_configured) filter (where table_name = 'ticket'), false) as has_tickets

    from platform

),

final as (

    select
        has_email,
        has_meetings,
        has_chat,
        has_tickets,
        has_email or has_meetings or has_chat or has_tickets as has_any

    from channels

)

select * from final
