-- Whose response times got worse since the previous drop?
-- Asked by: customer success
-- Reads: two drops
-- Columns:
--   account_id: the account
--   account_name: its name
--   channel: email, chat or ticket
--   side: who answers, team or account
--   hours_before: the average response time in the previous drop, hours
--   hours_now: the average response time in this drop, hours
--   slower_by_hours: the difference, hours
with

answers as (

    select
        now.account_id,
        channels.channel,
        channels.side,
        channels.hours_before,
        channels.hours_now

    from account_communication_stats as now
    inner join before.account_communication_stats as before on now.account_id = before.account_id
    cross join lateral (
        values
        ('email', 'team', before.team_email_response_time_hours, now.team_email_response_time_hours),
        ('email', 'account', before.account_email_response_time_hours, now.account_email_response_time_hours),
        ('chat', 'team', before.team_chat_response_time_hours, now.team_chat_response_time_hours),
        ('chat', 'account', before.account_chat_response_time_hours, now.account_chat_response_time_hours),
        ('ticket', 'team', before.team_ticket_response_time_hours, now.team_ticket_response_time_hours),
        ('ticket', 'account', before.account_ticket_response_time_hours, now.account_ticket_response_time_hours)
    ) as channels (channel, side, hours_before, hours_now)

)

select
    answers.account_id,
    core.account_name,
    answers.channel,
    answers.side,
    answers.hours_before,
    answers.hours_now,
    answers.hours_now - answers.hours_before as slower_by_hours

from answers
inner join account_core as core on answers.account_id = core.account_id
where answers.hours_now > answers.hours_before
order by slower_by_hours desc, answers.account_id asc, answers.channel asc, answers.side asc
