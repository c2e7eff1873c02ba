-- The floor: account_core and account_communication_stats, written by hand for DuckDB alone, straight from the source
-- files. It is the measure that a run's time is held against, and a second reading of the spec that the models are
-- held against; so it shares nothing with them.
--
-- The deployment it stands for has the platform as its only source: no CRM, hence no CRM-only accounts (D24) and
-- nothing to take from them (D25). Decisions have their defaults. Event files are trusted to repeat no key.
--
-- floor.py makes the 16 source tables as views, and the variables as_of, core and stats (where to write).

-- The run's instant and what is counted from it -----------------------------------------------------------------------

create macro as_of() as getvariable('as_of')::timestamp;
create macro in_last_days(moment, days) as moment > as_of() - to_days(days) and moment <= as_of();
create macro folded(x) as lower(trim(x, e' \t\n\r\f\x0b'));
create macro micros_from(earlier, later) as epoch_us(later) - epoch_us(earlier);
create macro seconds_from(earlier, later) as micros_from(earlier, later) // 1_000_000;
-- half up, for numerators that are not negative
create macro half_up(numerator, denominator) as (2 * numerator + denominator) // (2 * denominator);
create macro hundredths(x) as x::decimal(18, 0) * 0.01;
-- scores: the weight of an event by its age in whole days, 0 to 89
create macro age_in_days(moment) as (epoch_us(as_of()) - epoch_us(moment)) // 86_400_000_000;
create macro weight(moment) as round(10000 * pow(2, -age_in_days(moment) / 30))::integer;
create macro score_label(score) as
    case when score <= 50 then 'Red' when score <= 75 then 'Yellow' when score > 75 then 'Green' end;
-- null where a message has none: D36 counts it as neutral, the scores not at all
create macro sentiment_sign(x) as (
    case folded(x) when 'positive' then 1 when 'negative' then -1 else if(coalesce(folded(x), '') = '', null, 0) end
)::tinyint;

-- One row per customer, numbered through all tenants: everything below is grouped by that number ----------------------

create temp table account as
select row_number() over (order by organization_id, id)::integer as n, *
from customer;

-- D3, D2: of all rows of the tenant
create temp table freshness as
with latest as (
    select organization_id, max(updated_at) filter (updated_at <= as_of()) as moment from customer group by all
    union all
    select organization_id, max(created_at) filter (created_at <= as_of()) from insight group by all
    union all
    select organization_id, max(last_detected_at) filter (last_detected_at <= as_of()) from insight group by all
    union all
    select organization_id, max(resolved_at) filter (resolved_at <= as_of()) from insight group by all
    union all
    select organization_id, max(created_at) filter (created_at <= as_of())
    from ai_expansion_opportunities group by all
    union all
    select organization_id, max(created_at) filter (created_at <= as_of()) from ai_summary group by all
    union all
    select organization_id, max(sent_at) filter (sent_at <= as_of()) from email_prop group by all
    union all
    select organization_id, max(sent_at) filter (sent_at <= as_of()) from chat_message group by all
    union all
    select organization_id, max(start_time) filter (start_time <= as_of()) from calendar_event_prop group by all
    union all
    select organization_id, max(opened_at) filter (opened_at <= as_of()) from ticket group by all
    union all
    select organization_id, max(closed_at) filter (closed_at <= as_of()) from ticket group by all
    union all
    select organization_id, max(created_at) filter (created_at <= as_of()) from ticket_comment group by all
    union all
    select organization_id, max(created_at) filter (created_at <= as_of()) from note group by all
    union all
    select organization_id, max(updated_at) filter (updated_at <= as_of()) from user_api_token group by all
)

select organization_id, coalesce(max(moment), as_of()) as data_as_of
from latest
group by all;

-- Messages of all channels: an opened ticket is the account's first message in its thread (D28) -----------------------

create type channel as enum ('email', 'chat', 'ticket', 'comment');

create temp view message as
with every_channel as (
    select 'email'::channel as channel, organization_id, customer_id, thread_id as thread, id, sent_at as moment,
        folded(direction) = 'team' as is_team, user_id, stakeholder_id, sentiment
    from email_prop
    union all
    select 'chat', organization_id, customer_id, conversation_id, id, sent_at,
        folded(direction) = 'team', user_id, stakeholder_id, sentiment
    from chat_message
    union all
    select 'ticket', organization_id, customer_id, id, -9223372036854775808, opened_at,
        false, assignee_id, requester_id, sentiment
    from ticket
    union all
    select 'comment', organization_id, customer_id, ticket_id, id, created_at,
        folded(direction) = 'team', user_id, stakeholder_id, sentiment
    from ticket_comment as comment
    -- D30: comments are those on the tickets opened
    where exists (
        from ticket
        where ticket.organization_id = comment.organization_id
            and ticket.customer_id = comment.customer_id
            and ticket.id = comment.ticket_id
            and ticket.opened_at <= as_of()
    )
)

select
    account.organization_id, n,
    channel, thread, every_channel.id, moment, is_team, user_id, stakeholder_id,
    sentiment_sign(sentiment) as sign
from every_channel
inner join account
    on every_channel.organization_id = account.organization_id and every_channel.customer_id = account.id
where moment <= as_of();

create temp table by_user as
select
    n, channel, user_id,
    count(*) as total,
    count(*) filter (is_team) as by_team,
    max(moment) filter (is_team) as last_by_team,
    max(moment) filter (not is_team) as last_by_account,
    count(*) filter (sign = 1) as positive,
    count(*) filter (sign = -1) as negative,
    count(*) filter (is_team and in_last_days(moment, 365)) as effort
from message
group by all;

create temp table by_stakeholder as
with weighed as (
    select *, case when not is_team and in_last_days(moment, 90) then weight(moment) end as weight from message
)

select
    n, channel, stakeholder_id,
    max(moment) as last,
    max(moment) filter (not is_team) as last_act,
    count(weight) as recent,
    coalesce(sum(weight), 0)::bigint as weight,
    count(weight) filter (sign is not null) as opinions,
    coalesce(sum(weight) filter (sign is not null), 0)::bigint as opinion,
    coalesce(sum(weight) filter (sign = 1), 0)::bigint as positive,
    coalesce(sum(weight) filter (sign = -1), 0)::bigint as negative
from weighed
group by all;

-- scores leave out what these people say, and how long an answer to them took
create temp table silent as
select organization_id, true as is_team, id as person from users where excluded
union all
select organization_id, false, id from stakeholder where opted_out;

-- D28, D29: runs of one side in a thread. The last message of a thread is kept too: nothing follows it, so it can't
-- come between two runs.
create temp table turn as
with ordered as (
    select
        organization_id, n,
        (case when channel = 'comment' then 'ticket' else channel end)::channel as channel,
        thread, id, moment, is_team,
        if(is_team, user_id, stakeholder_id) as person,
        lag(is_team) over in_thread as side_before,
        lead(is_team) over in_thread is null as is_last
    from message
    window in_thread as (
        partition by n, if(channel = 'comment', 'ticket'::channel, channel), thread order by moment, id
    )
),

ends as (
    select
        ordered.* exclude (person),
        silent.person is not null as is_silent,
        side_before is distinct from ordered.is_team as begins
    from ordered
    left join silent using (organization_id, is_team, person)
    where side_before is distinct from ordered.is_team or is_last
),

runs as (
    select
        *,
        begins and side_before is not null as answers,
        seconds_from(lag(moment) over in_thread, moment) as seconds,
        in_last_days(moment, 90) and not is_silent and not lag(is_silent) over in_thread as counts
    from ends
    window in_thread as (partition by n, channel, thread order by moment, id)
)

select
    n, channel, is_team,
    count(*) filter (answers) as answers,
    sum(seconds) filter (answers) as seconds,
    count(*) filter (answers and counts) as recent_answers,
    sum(seconds) filter (answers and counts) as recent_seconds,
    count(*) filter (
        is_last and moment < as_of() - to_hours(24) and moment > as_of() - to_days(90)
    ) as open_threads
from runs
group by all;

-- Meetings (D31) ------------------------------------------------------------------------------------------------------

create temp table meeting as
select
    n, event.organization_id, event.id, start_time,
    start_time <= as_of() as is_held,
    folded(event.status) as status,
    folded(kind) = 'qbr' as is_qbr,
    if(end_time > start_time, least(micros_from(start_time, end_time), 86_400_000_000), 0) as micros
from calendar_event_prop as event
inner join account on event.organization_id = account.organization_id and event.customer_id = account.id
where folded(event.status) is distinct from 'cancelled';

create temp view attending as
select n, meeting.organization_id, id, start_time, micros, user_id, stakeholder_id
from calendar_event_attendee as attendee
inner join meeting on attendee.organization_id = meeting.organization_id and attendee.event_id = meeting.id
where is_held and attended is distinct from false;

create temp table meeting_by_user as
select
    n, user_id,
    count(*) as meetings,
    sum(micros) as micros,
    coalesce(sum(micros) filter (in_last_days(start_time, 365)), 0) as effort
from (select distinct n, id, start_time, micros, user_id from attending where user_id is not null)
group by all;

create temp table meeting_by_stakeholder as
select n, stakeholder_id, max(start_time) as last
from attending
where stakeholder_id is not null
group by all;

-- Each part of the two tables, by account -----------------------------------------------------------------------------

create temp table messages_of_account as
select
    n,
    coalesce(sum(total) filter (channel = 'email'), 0) as emails,
    coalesce(sum(by_team) filter (channel = 'email'), 0) as team_emails,
    max(last_by_team) filter (channel = 'email') as team_last_email,
    max(last_by_account) filter (channel = 'email') as account_last_email,
    coalesce(sum(by_team) filter (channel = 'email' and user_id = owner), 0) as owner_emails,
    coalesce(sum(positive) filter (channel = 'email'), 0) as email_positive,
    coalesce(sum(negative) filter (channel = 'email'), 0) as email_negative,
    coalesce(sum(total) filter (channel = 'chat'), 0) as chats,
    coalesce(sum(by_team) filter (channel = 'chat'), 0) as team_chats,
    max(last_by_team) filter (channel = 'chat') as team_last_chat,
    max(last_by_account) filter (channel = 'chat') as account_last_chat,
    coalesce(sum(by_team) filter (channel = 'chat' and user_id = owner), 0) as owner_chats,
    coalesce(sum(positive) filter (channel = 'chat'), 0) as chat_positive,
    coalesce(sum(negative) filter (channel = 'chat'), 0) as chat_negative,
    coalesce(sum(total) filter (channel = 'ticket'), 0) as tickets,
    coalesce(sum(total) filter (channel = 'ticket' and user_id = owner), 0) as owner_tickets,
    max(last_by_account) filter (channel = 'ticket') as last_ticket,
    coalesce(sum(total) filter (channel = 'comment'), 0) as comments,
    sum(total) as messages,
    sum(positive) as positive,
    sum(negative) as negative,
    max(last_by_team) as team_last,
    max(last_by_account) as account_last
from by_user
inner join account using (n)
group by all;

create temp table meetings_of_account as
select
    n,
    count(*) filter (is_held) as meetings,
    coalesce(sum(micros) filter (is_held), 0) as micros,
    max(start_time) filter (is_held) as last_meeting,
    min(start_time) filter (not is_held) as next_meeting,
    max(start_time) filter (is_held and is_qbr) as last_qbr,
    min(start_time) filter (not is_held and is_qbr and status = 'confirmed') as next_qbr
from meeting
group by all;

create temp table attendance_of_account as
select
    n,
    sum(micros) as team_micros,
    coalesce(sum(micros) filter (user_id = owner), 0) as owner_micros,
    coalesce(sum(meetings) filter (user_id = owner), 0) as owner_meetings
from meeting_by_user
inner join account using (n)
group by all;

-- D32, D33
create temp table people as
with seen as (
    select n, channel, stakeholder_id, last, last_act from by_stakeholder where stakeholder_id is not null
    union all
    select n, null, stakeholder_id, last, last from meeting_by_stakeholder
)

select
    n,
    max(last) filter (is_dm) as last_dm,
    max(last) filter (is_dm and channel = 'email') as last_dm_email,
    max(last) filter (is_dm and channel = 'chat') as last_dm_chat,
    max(last) filter (is_dm and channel is null) as last_dm_meeting,
    count(distinct stakeholder_id) filter (
        muted is distinct from true and opted_out is distinct from true and in_last_days(last_act, 90)
    ) as active
from seen
inner join account using (n)
left join (
    select organization_id, id, muted, opted_out, folded(role) = 'decision maker' as is_dm from stakeholder
) as person
    on account.organization_id = person.organization_id and seen.stakeholder_id = person.id
group by all;

create temp table stakeholders_of_account as
select n, count(*) as stakeholders
from stakeholder
inner join account on stakeholder.organization_id = account.organization_id and stakeholder.customer_id = account.id
where opted_out is distinct from true
group by all;

-- D33, D34
create temp table effort as
with spent as (
    select n, user_id, effort * (case channel when 'chat' then 4 else 15 end) * 60_000_000 as micros from by_user
    union all
    select n, user_id, effort from meeting_by_user
)

select
    n,
    count(distinct user_id) as users,
    sum(micros) as micros,
    coalesce(sum(micros) filter (user_id = owner), 0) as owner_micros,
    half_up(sum(micros::hugeint * (coalesce(hourly_cost, 60) * 100)::bigint), 3_600_000_000) as cost_cents
from spent
inner join account using (n)
left join users on account.organization_id = users.organization_id and spent.user_id = users.id
where excluded is distinct from true
group by all;

create temp table response as
select
    n,
    sum(seconds) filter (channel = 'email' and is_team) as email_team_seconds,
    sum(answers) filter (channel = 'email' and is_team) as email_team,
    sum(seconds) filter (channel = 'email' and not is_team) as email_account_seconds,
    sum(answers) filter (channel = 'email' and not is_team) as email_account,
    sum(seconds) filter (channel = 'chat' and is_team) as chat_team_seconds,
    sum(answers) filter (channel = 'chat' and is_team) as chat_team,
    sum(seconds) filter (channel = 'chat' and not is_team) as chat_account_seconds,
    sum(answers) filter (channel = 'chat' and not is_team) as chat_account,
    sum(seconds) filter (channel = 'ticket' and is_team) as ticket_team_seconds,
    sum(answers) filter (channel = 'ticket' and is_team) as ticket_team,
    sum(seconds) filter (channel = 'ticket' and not is_team) as ticket_account_seconds,
    sum(answers) filter (channel = 'ticket' and not is_team) as ticket_account,
    sum(open_threads) filter (channel = 'email' and not is_team) as team_open,
    sum(open_threads) filter (channel = 'email' and is_team) as account_open,
    sum(recent_seconds) filter (is_team) as team_seconds,
    sum(recent_answers) filter (is_team) as team,
    sum(recent_seconds) filter (not is_team) as account_seconds,
    sum(recent_answers) filter (not is_team) as account
from turn
group by all;

-- D35
create temp table provider as
with token as (
    select *, folded(kind) as channel
    from user_api_token
    where active and (updated_at <= as_of() or updated_at is null)
),

newest as (
    select organization_id, user_id, channel, provider
    from token
    qualify row_number() over (
        partition by organization_id, user_id, channel order by updated_at desc nulls last, provider
    ) = 1
),

commonest as (
    select organization_id, channel, provider
    from token
    group by organization_id, channel, provider
    qualify row_number() over (partition by organization_id, channel order by count(*) desc, provider) = 1
)

select
    n,
    max(coalesce(newest.provider, commonest.provider)) filter (commonest.channel = 'email') as email,
    max(coalesce(newest.provider, commonest.provider)) filter (commonest.channel = 'calendar') as calendar,
    max(coalesce(newest.provider, commonest.provider)) filter (commonest.channel = 'chat') as chat,
    max(coalesce(newest.provider, commonest.provider)) filter (commonest.channel = 'ticket') as ticket
from account
inner join commonest using (organization_id)
left join newest
    on account.organization_id = newest.organization_id
    and account.owner = newest.user_id
    and commonest.channel = newest.channel
group by all;

-- D26, D27
create temp table insights as
with typed as (
    select
        account.n,
        folded(type) as type,
        is_active and created_at <= as_of() as is_active,
        coalesce(last_detected_at, created_at) as moment
    from insight
    inner join account on insight.organization_id = account.organization_id and insight.data_ref = account.id
)

select
    n,
    bool_or(is_active and type = 'account_dark') as account_dark,
    bool_or(is_active and type = 'no_reach_out') as no_reach_out,
    bool_or(is_active and type = 'no_meetings') as no_meetings,
    bool_or(is_active and type = 'no_next_meeting') as no_next_meeting,
    bool_or(is_active and type = 'no_qbr') as no_qbr,
    bool_or(is_active and type = 'no_renewal_discussion') as no_renewal_discussion,
    bool_or(is_active and type = 'no_exec_communication') as no_exec_communication,
    bool_or(is_active and type = 'single_threaded') as single_threaded,
    bool_or(is_active and type = 'churn_risk') as churn_risk,
    bool_or(is_active and type = 'churn_notification') as churn_notification,
    bool_or(is_active and type = 'positive_sentiment_trend') as positive_sentiment_trend,
    bool_or(is_active and type = 'negative_sentiment_trend') as negative_sentiment_trend,
    bool_or(is_active and type = 'account_responds_slower') as account_responds_slower,
    bool_or(is_active and type = 'account_personnel_changes') as account_personnel_changes,
    bool_or(is_active and type = 'title_changed') as title_changed,
    bool_or(is_active and type = 'stakeholder_not_engaged') as stakeholder_not_engaged,
    bool_or(is_active and type = 'stakeholder_roles_undefined') as stakeholder_roles_undefined,
    max(moment) filter (moment <= as_of() and type = 'qbr') as last_qbr,
    max(moment) filter (moment <= as_of() and type = 'renewal') as last_renewal,
    max(moment) filter (moment <= as_of() and type = 'commercial_discussion') as last_commercial_discussion,
    max(moment) filter (moment <= as_of() and type = 'churn_notification') as last_churn_notification,
    max(moment) filter (moment <= as_of() and type = 'churn_risk') as last_churn_risk,
    max(moment) filter (moment <= as_of() and type = 'highly_positive') as last_highly_positive,
    max(moment) filter (moment <= as_of() and type = 'extremely_negative') as last_extremely_negative,
    max(moment) filter (moment <= as_of() and type = 'account_personnel_changes') as last_account_personnel_changes,
    max(moment) filter (moment <= as_of() and type = 'org_personnel_changes') as last_org_personnel_changes,
    max(moment) filter (moment <= as_of() and type = 'exec_touchbase') as last_exec_touchbase,
    max(moment) filter (moment <= as_of() and type = 'expansion_opp') as last_expansion_opp,
    max(moment) filter (moment <= as_of() and type = 'onboarding') as last_onboarding
from typed
group by all;

-- D37
create temp table latest_note as
select organization_id, customer_id, body
from note
where created_at <= as_of()
qualify row_number() over (partition by organization_id, customer_id order by created_at desc, id desc) = 1;

create temp table latest_expansion as
select organization_id, customer_id, expansion_summary, readiness_level, churn_risk_summary
from ai_expansion_opportunities
where created_at <= as_of()
qualify row_number() over (partition by organization_id, customer_id order by created_at desc, id desc) = 1;

create temp table latest_summary as
with newest as (
    select organization_id, customer_id, folded(kind) as kind, summary
    from ai_summary
    where created_at <= as_of()
    qualify row_number() over (
        partition by organization_id, customer_id, folded(kind) order by created_at desc, id desc
    ) = 1
)

select
    organization_id, customer_id,
    max(summary) filter (kind = 'account') as account,
    max(summary) filter (kind = 'renewal') as renewal,
    max(summary) filter (kind = 'churn') as churn
from newest
group by all;

-- Scores --------------------------------------------------------------------------------------------------------------

create temp table score_input as
with talk as (
    select
        n,
        -- halves of a weight: e-mail 1, chat message 0.5, opened ticket 1
        sum(weight * (case channel when 'email' then 2 when 'chat' then 1 when 'ticket' then 2 else 0 end)) as halves,
        sum(opinions) as messages,
        sum(by_stakeholder.positive) - sum(by_stakeholder.negative) as lean,
        sum(opinion) as opinion,
        coalesce(sum(recent) filter (channel = 'ticket'), 0) as tickets
    from by_stakeholder
    inner join account using (n)
    left join stakeholder
        on account.organization_id = stakeholder.organization_id and by_stakeholder.stakeholder_id = stakeholder.id
    where opted_out is distinct from true
    group by all
),

met as (
    select n, sum(weight(start_time) * 6) as halves
    from (
        select distinct attending.n, attending.id, start_time
        from attending
        left join stakeholder
            on attending.organization_id = stakeholder.organization_id and attending.stakeholder_id = stakeholder.id
        where attending.stakeholder_id is not null
            and opted_out is distinct from true
            and in_last_days(start_time, 90)
    )
    group by all
)

select
    n, organization_id, tier_id,
    folded(status) is distinct from 'churned' as stays,
    (coalesce(talk.halves, 0) + coalesce(met.halves, 0))::bigint as engagement,
    coalesce(talk.messages, 0) as messages,
    talk.lean,
    talk.opinion + 5 * 10_000 as divisor,
    half_up(response.team_seconds, nullif(response.team, 0))::bigint as team,
    half_up(response.account_seconds, nullif(response.account, 0))::bigint as account,
    -- ninetieths of an item
    (180 * coalesce(team_open, 0) + 90 * coalesce(account_open, 0) + 7 * coalesce(talk.tickets, 0))::bigint as items
from account
left join talk using (n)
left join met using (n)
left join response using (n);

create macro benchmark(of_tier, tier_peers, of_all, peers, target) as
    case when tier_peers >= 8 then of_tier when peers >= 8 then of_all else target end;

create temp table benchmark as
with tiers as (
    select
        organization_id, tier_id,
        count(engagement) as engagement_peers, quantile_disc(engagement, 0.5) as engagement,
        count(team) as team_peers, quantile_disc(team, 0.5) as team,
        count(account) as account_peers, quantile_disc(account, 0.5) as account,
        count(items) as items_peers, quantile_disc(items, 0.5) as items
    from score_input
    where tier_id is not null and stays
    group by all
),

organizations as (
    select
        organization_id,
        count(engagement) as engagement_peers, quantile_disc(engagement, 0.5) as engagement,
        count(team) as team_peers, quantile_disc(team, 0.5) as team,
        count(account) as account_peers, quantile_disc(account, 0.5) as account,
        count(items) as items_peers, quantile_disc(items, 0.5) as items
    from score_input
    where stays
    group by all
)

select
    n,
    benchmark(t.engagement, t.engagement_peers, o.engagement, o.engagement_peers, 10 * 20_000) as engagement,
    benchmark(t.team, t.team_peers, o.team, o.team_peers, 24 * 3600) as team,
    benchmark(t.account, t.account_peers, o.account, o.account_peers, 48 * 3600) as account,
    benchmark(t.items, t.items_peers, o.items, o.items_peers, 2 * 90) as items
from score_input as s
left join organizations as o using (organization_id)
left join tiers as t on s.organization_id = t.organization_id and s.tier_id = t.tier_id;

-- Up and Down as fractions of 100: numerator and denominator; Down(x) with b = 0 is 100 for x = 0 alone
create macro down_numerator(x, b) as if(b = 0, (x = 0)::integer, 3 * b);
create macro down_denominator(x, b) as if(b = 0, 1, 2 * x + 3 * b);

create temp table score_cents as
with exact as (
    select
        n,
        s.engagement::hugeint as engagement, b.engagement::hugeint as engagement_b,
        messages, lean::hugeint as lean, divisor::hugeint as divisor,
        down_numerator(s.team::hugeint, b.team::hugeint) as team,
        down_denominator(s.team::hugeint, b.team::hugeint) as team_of,
        down_numerator(s.account::hugeint, b.account::hugeint) as account,
        down_denominator(s.account::hugeint, b.account::hugeint) as account_of,
        s.team is not null as has_team,
        s.account is not null as has_account,
        down_numerator(s.items::hugeint, b.items::hugeint) as items,
        down_denominator(s.items::hugeint, b.items::hugeint) as items_of
    from score_input as s
    inner join benchmark as b using (n)
)

select
    n,
    if(engagement = 0, 0, half_up(20_000 * engagement, 2 * engagement + engagement_b)) as engagement,
    if(messages >= 3, half_up(6_500 * divisor + if(lean >= 0, 3_500, 6_500) * lean, divisor), null) as sentiment,
    case
        when has_team and has_account
            then half_up(100 * (70 * team * account_of + 30 * account * team_of), team_of * account_of)
        when has_team then half_up(10_000 * team, team_of)
        when has_account then half_up(10_000 * account, account_of)
    end as response_time,
    half_up(10_000 * items, items_of) as open_items
from exact;

create temp table score as
with weighed as (
    select
        *,
        if(engagement is null, 0, 35) + if(sentiment is null, 0, 30)
        + if(response_time is null, 0, 20) + if(open_items is null, 0, 15) as weight,
        if(engagement is null, 0, 1) + if(sentiment is null, 0, 1)
        + if(response_time is null, 0, 1) + if(open_items is null, 0, 1) as parts,
        35 * coalesce(engagement, 0) + 30 * coalesce(sentiment, 0)
        + 20 * coalesce(response_time, 0) + 15 * coalesce(open_items, 0) as total
    from score_cents
),

adjusted as (
    select
        weighed.*,
        half_up(total, weight)
        - if(churn_risk, 1_000, 0)
        + if(in_last_days(last_renewal, 30), 500, 0) as health,
        if(churn_notification, 3_000, 10_000) as most
    from weighed
    left join insights using (n)
)

select
    n,
    hundredths(if(parts >= 2 and weight >= 50, greatest(0, least(health, most)), null))::decimal(5, 2) as health,
    hundredths(engagement)::decimal(5, 2) as engagement,
    hundredths(sentiment)::decimal(5, 2) as sentiment,
    hundredths(open_items)::decimal(5, 2) as open_items,
    hundredths(response_time)::decimal(5, 2) as response_time
from adjusted;

-- The two tables ------------------------------------------------------------------------------------------------------

create temp table attended as
select n, max(last) as last from meeting_by_stakeholder group by all;

copy (
    select
        account.id as account_id,
        nullif(trim(crm_id, e' \t\n\r\f\x0b'), '') as crm_id,
        app_id,
        account.name as account_name,
        domain,
        parent_id as parent_account_id,
        tier_id,
        tier.name as tier_name,
        owner as owner_id,
        account.organization_id,
        status,
        status_detail,
        journey_id,
        customer_journey.name as journey_phase_name,
        revenue::decimal(12, 2) as revenue,
        account.renewal as renewal_date,
        contract_start_date,
        score.health as health_score,
        score_label(score.health) as health_score_label,
        score.engagement as engagement_score,
        score_label(score.engagement) as engagement_score_label,
        score.sentiment as sentiment_score,
        score_label(score.sentiment) as sentiment_score_label,
        score.open_items as open_items_score,
        score_label(score.open_items) as open_items_score_label,
        score.response_time as response_time_score,
        score_label(score.response_time) as response_time_score_label,
        coalesce(account_dark, false) as insight_account_dark,
        coalesce(no_reach_out, false) as insight_no_reach_out,
        coalesce(no_meetings, false) as insight_no_meetings,
        coalesce(no_next_meeting, false) as insight_no_next_meeting,
        coalesce(no_qbr, false) as insight_no_qbr,
        coalesce(no_renewal_discussion, false) as insight_no_renewal_discussion,
        coalesce(no_exec_communication, false) as insight_no_exec_communication,
        coalesce(single_threaded, false) as insight_single_threaded,
        coalesce(churn_risk, false) as insight_churn_risk,
        coalesce(churn_notification, false) as insight_churn_notification,
        coalesce(positive_sentiment_trend, false) as insight_positive_sentiment_trend,
        coalesce(negative_sentiment_trend, false) as insight_negative_sentiment_trend,
        coalesce(account_responds_slower, false) as insight_account_responds_slower,
        coalesce(account_personnel_changes, false) as insight_account_personnel_changes,
        coalesce(title_changed, false) as insight_title_changed,
        coalesce(stakeholder_not_engaged, false) as insight_stakeholder_not_engaged,
        coalesce(stakeholder_roles_undefined, false) as insight_stakeholder_roles_undefined,
        greatest(insights.last_qbr, held.last_qbr) as lifecycle_event_qbr,
        last_renewal as lifecycle_event_renewal,
        last_commercial_discussion as lifecycle_event_commercial_discussion,
        last_churn_notification as lifecycle_event_churn_notification,
        last_churn_risk as lifecycle_event_churn_risk,
        last_highly_positive as lifecycle_event_highly_positive,
        last_extremely_negative as lifecycle_event_extremely_negative,
        last_account_personnel_changes as lifecycle_event_account_personnel_changes,
        last_org_personnel_changes as lifecycle_event_org_personnel_changes,
        last_exec_touchbase as lifecycle_event_exec_touchbase,
        last_expansion_opp as lifecycle_event_expansion_opp,
        last_onboarding as lifecycle_event_onboarding,
        next_qbr::date as next_qbr_date,
        greatest(account_last, attended.last) as last_engagement,
        greatest(team_last, last_meeting) as last_reach_out,
        greatest(account_last, attended.last, team_last, last_meeting) as last_touch,
        last_dm as last_touch_dm,
        (coalesce(emails, 0) + coalesce(meetings, 0) + coalesce(chats, 0) + coalesce(tickets, 0))::integer
            as total_activity,
        coalesce(stakeholders, 0)::integer as stakeholders_count,
        coalesce(effort.users, 0)::integer as users_count,
        coalesce(active, 0) >= 2 as multi_threaded,
        latest_note.body as last_note,
        coalesce(positive, 0)::integer as positive_sentiment,
        coalesce(messages - positive - negative, 0)::integer as neutral_sentiment,
        coalesce(negative, 0)::integer as negative_sentiment,
        expansion_summary as ai_expansion_summary,
        readiness_level as expansion_readiness_level,
        latest_summary.churn as ai_churn_analysis,
        churn_risk_summary as ai_churn_risk_summary,
        churn_date,
        latest_summary.account as ai_account_summary,
        latest_summary.renewal as ai_renewal_analysis,
        as_of() as extracted_at,
        data_as_of
    from account
    inner join freshness using (organization_id)
    inner join score using (n)
    left join tier on account.organization_id = tier.organization_id and account.tier_id = tier.id
    left join customer_journey
        on account.organization_id = customer_journey.organization_id and account.journey_id = customer_journey.id
    left join insights using (n)
    left join messages_of_account using (n)
    left join meetings_of_account as held using (n)
    left join attended using (n)
    left join people using (n)
    left join stakeholders_of_account using (n)
    left join effort using (n)
    left join latest_note
        on account.organization_id = latest_note.organization_id and account.id = latest_note.customer_id
    left join latest_expansion
        on account.organization_id = latest_expansion.organization_id and account.id = latest_expansion.customer_id
    left join latest_summary
        on account.organization_id = latest_summary.organization_id and account.id = latest_summary.customer_id
    order by account.organization_id, account.id
) to (getvariable('core')) (format parquet, compression zstd);

create macro hours(micros) as hundredths(half_up(micros, 36_000_000))::decimal(10, 2);
create macro average_hours(seconds, answers) as hundredths(half_up(seconds, nullif(answers, 0) * 36))::decimal(10, 2);

copy (
    with priced as (
        select *, half_up(abs((revenue * 100)::bigint)::hugeint * 365, 365) * sign(revenue)::integer as revenue_cents
        from account
    )

    select
        account.id as account_id,
        coalesce(emails, 0)::integer as total_emails,
        coalesce(team_emails, 0)::integer as team_sent_emails,
        team_last_email as team_last_sent_email_date,
        coalesce(emails - team_emails, 0)::integer as account_sent_emails,
        account_last_email as account_last_sent_email_date,
        coalesce(owner_emails, 0)::integer as emails_sent_by_owner,
        average_hours(email_team_seconds, email_team) as team_email_response_time_hours,
        average_hours(email_account_seconds, email_account) as account_email_response_time_hours,
        coalesce(team_open, 0)::integer as team_open_email_threads,
        coalesce(account_open, 0)::integer as account_open_email_threads,
        last_dm_email as email_last_touch_dm,
        coalesce(email_positive, 0)::integer as email_positive_sentiment,
        coalesce(emails - email_positive - email_negative, 0)::integer as email_neutral_sentiment,
        coalesce(email_negative, 0)::integer as email_negative_sentiment,
        provider.email as email_provider,
        coalesce(meetings, 0)::integer as total_meetings,
        hours(coalesce(held.micros, 0)) as meeting_time_hours,
        hours(coalesce(team_micros, 0)) as team_meeting_time_hours,
        hours(coalesce(attendance.owner_micros, 0)) as owner_meeting_time_hours,
        coalesce(owner_meetings, 0)::integer as owner_total_meetings,
        last_meeting as last_meeting_date,
        last_dm_meeting as last_dm_meeting_date,
        next_meeting as next_meeting_date,
        provider.calendar as meeting_provider,
        coalesce(chats, 0)::integer as total_chat_messages,
        coalesce(team_chats, 0)::integer as team_sent_chat_messages,
        team_last_chat as team_last_sent_chat_date,
        coalesce(chats - team_chats, 0)::integer as account_sent_chat_messages,
        account_last_chat as account_last_sent_chat_date,
        coalesce(owner_chats, 0)::integer as chat_messages_sent_by_owner,
        average_hours(chat_team_seconds, chat_team) as team_chat_response_time_hours,
        average_hours(chat_account_seconds, chat_account) as account_chat_response_time_hours,
        last_dm_chat as last_dm_chat_date,
        coalesce(chat_positive, 0)::integer as chat_positive_sentiment,
        coalesce(chats - chat_positive - chat_negative, 0)::integer as chat_neutral_sentiment,
        coalesce(chat_negative, 0)::integer as chat_negative_sentiment,
        provider.chat as chat_provider,
        coalesce(tickets, 0)::integer as submitted_tickets,
        coalesce(comments, 0)::integer as ticket_comments,
        average_hours(ticket_team_seconds, ticket_team) as team_ticket_response_time_hours,
        average_hours(ticket_account_seconds, ticket_account) as account_ticket_response_time_hours,
        coalesce(owner_tickets, 0)::integer as tickets_to_owner,
        last_ticket as last_ticket_opened_date,
        provider.ticket as ticket_provider,
        hours(coalesce(effort.micros, 0)) as team_effort_hours,
        hours(coalesce(effort.owner_micros, 0)) as owner_effort_hours,
        hundredths(coalesce(cost_cents, 0))::decimal(12, 2) as team_effort_cost,
        if(
            revenue_cents > 0,
            half_up(coalesce(cost_cents, 0) * 10_000, revenue_cents)::decimal(18, 0) * 0.0001,
            null
        )::decimal(10, 4) as efficiency_rate,
        hundredths(revenue_cents)::decimal(12, 2) as time_frame_revenue,
        as_of() as extracted_at,
        data_as_of
    from priced as account
    inner join freshness using (organization_id)
    left join messages_of_account using (n)
    left join meetings_of_account as held using (n)
    left join attendance_of_account as attendance using (n)
    left join people using (n)
    left join effort using (n)
    left join (select * exclude (team_seconds, account_seconds) from response) using (n)
    left join provider using (n)
    order by account.organization_id, account.id
) to (getvariable('stats')) (format parquet, compression zstd);
