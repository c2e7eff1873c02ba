-- Edge cases of the CRM and the platform in every sample - each with its name and a query that returns at least one row.
-- CSV columns are text, Parquet columns have their types.

---- CRM

-- an archived flag against an active status
from crm_accounts
where archived = 'yes' and status = 'active';

-- an archived status against the flag
from crm_accounts
where archived = 'false' and status = ' Archived ';

-- tags as a JSON array
from crm_accounts
where tags like '["%';

-- tags as a Postgres array
from crm_accounts
where tags like '{%,%}';

-- tags as a comma list
from crm_accounts
where tags like 'Lead, %';

-- a tag with quotes
from crm_accounts
where contains(tags, '\"quoted\"');

-- a type only by tag
from crm_accounts
where account_type is null and tags ilike '%lead%';

-- an account without a name
from crm_accounts
where name is null;

-- a duplicate account
from (select id from crm_accounts group by id having count(*) > 1);

-- a duplicate CRM ID
from (select lmn_crm_id from crm_accounts where lmn_crm_id is not null group by 1 having count(distinct id) > 1);

-- an account created by hand
from crm_accounts
where lmn_crm_id is null and id like 'acc-%';

-- an instant with an offset
from crm_accounts
where updated_at like '%-06:00';

-- an instant without a zone
from crm_accounts
where regexp_full_match(created_at, '[0-9-]+ [0-9:]+');

-- an interaction in the future
from crm_accounts
where last_interaction_date like '2025-01-18%';

-- a name like a formula, with quotes and accents
from crm_accounts
where name = '=Château "Bel-Air", Gärten & Söhne';

-- an estimate that LMN does not know
from crm_estimates
where lmn_estimate_id like 'CRM%';

-- an estimate linked only by contact
from crm_estimates
where account_id is null and lmn_contact_id is not null;

-- an estimate of an unknown account
from crm_estimates
where account_id = 'acc-unknown';

-- two estimates with one LMN id
from (select lmn_estimate_id from crm_estimates where lmn_estimate_id is not null group by 1 having count(*) > 1);

-- an estimate's date that does not exist
from crm_estimates
where contract_end = '2025-02-30';

-- an active snooze
from crm_notification_snoozes
where notification_type = 'renewal_reminder' and snoozed_until > '2025-01-15T00:00:00Z';

-- an expired snooze
from crm_notification_snoozes
where snoozed_until < '2025-01-15';

-- a snooze until midnight today
from crm_notification_snoozes
where snoozed_until = '2025-01-15T00:00:00Z';

-- a snooze of another kind
from crm_notification_snoozes
where notification_type = 'neglected';

-- a snooze of a neglected account
from crm_notification_snoozes
where notification_type = 'neglected_account' and snoozed_until > '2025-01-15T00:00:00Z';

-- an expired snooze of a neglected account
from crm_notification_snoozes
where notification_type = 'neglected_account' and snoozed_until = '2025-01-15T00:00:00Z';

-- an icp_status in another case
from crm_accounts
where icp_status = ' NA ';

-- an account without any interaction
from crm_accounts
where last_interaction_date is null and id is not null;

-- an interaction exactly 30 days ago
from crm_accounts
where last_interaction_date = '2024-12-16T00:00:00Z';

-- an interaction on the day before that
from crm_accounts
where last_interaction_date = '2024-12-15T23:00:00Z';

-- an interaction exactly 90 days ago
from crm_accounts
where last_interaction_date = '2024-10-17T00:00:00Z';

-- an interaction a second before that
from crm_accounts
where last_interaction_date = '2024-10-16T23:59:59Z';

-- a snooze without an end
from crm_notification_snoozes
where snoozed_until is null;

-- an account snoozed twice
from (select related_account_id from crm_notification_snoozes group by 1 having count(*) = 2);

-- a profile without a year
from crm_profiles
where selected_year is null;

-- a profile before 2000
from crm_profiles
where selected_year = '1999';

-- a scorecard that is not completed
from crm_scorecards
where completed_date is null;

-- an account without contacts
from crm_accounts a
where id is not null
  and not exists (from crm_contacts c where c.account_id = a.id);

---- links

-- a customer linked by LMN's id
from platform_customer c
join crm_accounts a on a.lmn_crm_id = c.crm_id
where c.organization_id = '1';

-- a customer linked by the account's id
from platform_customer c
join crm_accounts a on a.id = c.crm_id
where c.organization_id = '1';

-- a link with blanks around it
from platform_customer c
join crm_accounts a on a.lmn_crm_id = trim(c.crm_id)
where c.crm_id <> trim(c.crm_id);

-- another tenant's customer with a CRM ID
from platform_customer c
join crm_accounts a on a.lmn_crm_id = c.crm_id
where c.organization_id = '2';

-- another tenant's customer with an account's id
from platform_customer c
join crm_accounts a on a.id = c.crm_id
where c.organization_id = '2';

-- two customers of one account
from (select crm_id
    from platform_customer
    where organization_id = '1' and crm_id is not null
    group by 1 having count(distinct id) > 1);

-- an account only in the CRM
from crm_accounts a
where id is not null
  and not exists (from platform_customer c where trim(c.crm_id) in (a.id, a.lmn_crm_id));

-- a customer that the CRM does not know
from platform_customer c
where organization_id = '1' and (crm_id is null or crm_id like 'SF-%');

-- a customer whose name the CRM has
from platform_customer
where name is null and revenue is null and renewal is null and organization_id = '1';

---- customers

-- a customer without an owner
from platform_customer
where owner is null and id is not null;

-- an unknown owner
from platform_customer
where owner = '999999999';

-- an owner of another tenant
from platform_customer c
join platform_users u on u.id = c.owner and u.organization_id <> c.organization_id
where not exists (from platform_users o where o.id = c.owner and o.organization_id = c.organization_id);

-- parents in a circle
from platform_customer a
join platform_customer b on a.parent_id = b.id and b.parent_id = a.id and a.organization_id = b.organization_id
where a.id <> b.id;

-- a customer that is its own parent
from platform_customer
where parent_id = id;

-- an unknown parent
from platform_customer
where parent_id = '999999999';

-- a parent in another tenant
from platform_customer c
join platform_customer p on p.id = c.parent_id and p.organization_id <> c.organization_id
where not exists (from platform_customer o where o.id = c.parent_id and o.organization_id = c.organization_id);

-- an unknown tier
from platform_customer
where tier_id = '99';

-- a customer without a tier
from platform_customer
where tier_id is null;

-- a tier without a name
from platform_tier
where name is null;

-- revenue of 0
from platform_customer
where revenue = '0.00';

-- negative revenue
from platform_customer
where revenue like '-%';

-- a churned customer
from platform_customer
where status = 'churned' and churn_date is not null;

-- one id in two tenants, customer
from (select id from platform_customer where id is not null group by 1 having count(distinct organization_id) > 1);

-- one id in two tenants, user
from (select id from platform_users group by 1 having count(distinct organization_id) > 1);

-- a user with half a name and a state in another case
from platform_users
where first_name is null and last_name = ' Solo' and state = ' Active';

-- a user without a state and a token
from platform_users u
where state is null and not exists (from platform_user_api_token t where t.user_id = u.id);

-- one id in two tenants, meeting
from (select id from platform_calendar_event_prop group by 1 having count(distinct organization_id) > 1);

-- one id in two tenants, topic
from (select id from platform_topic group by 1 having count(distinct name) > 1);

---- topics

-- a topic with an unknown parent
from platform_topic t
where parent_id is not null
  and not exists (from platform_topic p where (p.organization_id, p.id) = (t.organization_id, t.parent_id));

-- a topic that is its own parent
from platform_topic
where parent_id = id;

-- a topic from the future
from platform_topic
where created_at > '2025-01-15T00:00:00Z';

-- a topic that nobody mentions
from platform_topic t
where not exists (from platform_topic_mention m where m.topic_id = t.id);

-- a mention in an unknown channel
from platform_topic_mention
where channel = 'fax';

-- a mention in a channel in another case
from platform_topic_mention
where channel = ' Chat';

-- a mention without a channel
from platform_topic_mention
where channel is null;

-- a mention with an unknown sentiment
from platform_topic_mention
where sentiment = 'enthusiastic';

-- a mention at the run's instant
from platform_topic_mention
where occurred_at = '2025-01-15T00:00:00Z';

-- a mention from the future
from platform_topic_mention
where occurred_at = '2025-01-16T00:00:00Z';

-- a mention of a topic of another tenant
from platform_topic_mention m
where exists (from platform_topic t where t.id = m.topic_id)
  and not exists (from platform_topic t where (t.organization_id, t.id) = (m.organization_id, m.topic_id));

-- a mention by a customer of another tenant
from platform_topic_mention m
where exists (from platform_customer c where c.id = m.customer_id)
  and not exists (from platform_customer c where (c.organization_id, c.id) = (m.organization_id, m.customer_id));

-- a mention by an unknown customer
from platform_topic_mention
where customer_id = '999999999';

---- people

-- an excluded user of each tenant
from (select count(distinct organization_id) n from platform_users where excluded = 'true')
where n = 3;

-- a user without a cost
from platform_users
where hourly_cost is null;

-- a stakeholder who opted out
from platform_stakeholder
where opted_out = 'true';

-- a muted stakeholder
from platform_stakeholder
where muted = 'true';

-- a decision maker in another case
from platform_stakeholder
where role <> 'Decision Maker' and lower(trim(role)) = 'decision maker';

-- a customer without stakeholders
from platform_customer c
where id is not null
  and not exists (from platform_stakeholder s where s.customer_id = c.id);

-- a stakeholder of another tenant's customer
from platform_stakeholder s
where organization_id = '2'
  and not exists (from platform_customer c where c.id = s.customer_id and c.organization_id = '2');

-- tied providers
from (select organization_id, kind, provider, count(*) n
    from platform_user_api_token
    where active = 'true'
    group by all) a
join (select organization_id, kind, provider, count(*) n
    from platform_user_api_token
    where active = 'true'
    group by all) b using (organization_id, kind, n)
where a.provider < b.provider;

-- an inactive newest token
from platform_user_api_token t
where active = 'false'
  and not exists (from platform_user_api_token o
    where o.user_id = t.user_id and o.kind = t.kind and o.updated_at > t.updated_at);

-- providers of every channel
from (select count(distinct kind) n from platform_user_api_token)
where n = 4;

---- insights and texts

-- an unknown insight
from platform_insight
where type = 'competitor_mentioned';

-- a known insight in another case
from platform_insight
where type = 'Churn_Risk ';

-- a resolved insight
from platform_insight
where is_active = 'false' and resolved_at is not null;

-- an insight without an active flag
from platform_insight
where is_active is null;

-- an insight without a last detection
from platform_insight
where last_detected_at is null;

-- an insight from the future
from platform_insight
where last_detected_at > '2025-01-15';

-- a renewal at the boundary of 30 days
from platform_insight
where type = 'renewal' and last_detected_at = '2024-12-16T00:00:00Z';

-- all thirty-odd known insights
from (select count(distinct type) n from platform_insight)
where n >= 26;

-- an insight of another tenant's customer
from platform_insight i
where organization_id = '2'
  and not exists (from platform_customer c where c.id = i.data_ref and c.organization_id = '2');

-- a summary like a formula
from platform_ai_summary
where summary like '=HYPERLINK(%';

-- a summary that starts with a plus
from platform_ai_summary
where summary like '+%';

-- a summary that starts with an at
from platform_ai_summary
where summary like '@%';

-- an expansion text with a minus, quotes, a line break
from platform_ai_expansion_opportunities
where expansion_summary like '-SUM%"board"%' and contains(expansion_summary, chr(10));

-- a text that starts with a tab
from platform_ai_expansion_opportunities
where starts_with(churn_risk_summary, chr(9));

-- two latest notes of one instant
from (select customer_id, created_at from platform_note group by all having count(*) > 1);

-- a note from the future
from platform_note
where created_at > '2025-01-15';

-- a note with a Windows line break
from platform_note
where contains(body, chr(13) || chr(10));

---- messages

-- a run of two
from (select direction, lag(direction) over (partition by thread_id order by sent_at, id) before
    from platform_email_prop)
where direction = before;

-- two messages of one instant
from (select thread_id, sent_at from platform_email_prop group by all having count(*) > 1);

-- a message without a sentiment
from platform_email_prop
where sentiment is null;

-- all sentiments
from (select count(distinct sentiment) n from platform_chat_message)
where n = 3;

-- a chat to the microsecond
from platform_chat_message
where extract(microsecond from sent_at) % 1000 <> 0;

-- a last message 24 hours old to the second
from (select max(sent_at) m from platform_email_prop group by thread_id)
where m = timestamp '2025-01-14';

-- a last message a second older
from (select max(sent_at) m from platform_email_prop group by thread_id)
where m = timestamp '2025-01-13 23:59:59';

-- a last message 90 days old to the second
from (select max(sent_at) m from platform_email_prop group by thread_id)
where m = timestamp '2024-10-17';

-- a last message a second younger
from (select max(sent_at) m from platform_email_prop group by thread_id)
where m = timestamp '2024-10-17 00:00:01';

-- a message at the very instant
from platform_email_prop
where sent_at = timestamp '2025-01-15';

-- an e-mail from the future
from platform_email_prop
where sent_at > timestamp '2025-01-15';

-- a chat from the future
from platform_chat_message
where sent_at > timestamp '2025-01-15';

-- a message of an excluded user
from platform_email_prop e
join platform_users u on u.id = e.user_id::text and u.organization_id = e.organization_id::text
where u.excluded = 'true';

-- a message of somebody who opted out
from platform_email_prop e
join platform_stakeholder s on s.id = e.stakeholder_id::text and s.organization_id = e.organization_id::text
where s.opted_out = 'true';

-- a message without a person
from platform_email_prop
where user_id is null and stakeholder_id is null;

-- a message of an unknown person
from platform_email_prop
where user_id = 999999999;

-- a message of an unknown customer
from platform_email_prop
where customer_id = 999999999;

-- a message about another tenant's customer
from platform_email_prop e
where organization_id = 2
  and not exists (from platform_customer c where c.id = e.customer_id::text and c.organization_id = '2');

-- a message with another tenant's user
from platform_email_prop e
where organization_id = 1 and user_id <> 999999999
  and not exists (from platform_users u where u.id = e.user_id::text and u.organization_id = '1');

-- a customer without events
from platform_customer c
where id is not null
  and not exists (from platform_email_prop e where e.customer_id::text = c.id)
  and not exists (from platform_chat_message m where m.customer_id::text = c.id)
  and not exists (from platform_calendar_event_prop m where m.customer_id::text = c.id)
  and not exists (from platform_ticket t where t.customer_id::text = c.id);

---- meetings

-- a cancelled meeting
from platform_calendar_event_prop
where status = 'cancelled' and start_time < timestamp '2025-01-15';

-- a cancelled future QBR
from platform_calendar_event_prop
where status = 'cancelled' and kind = 'qbr' and start_time > timestamp '2025-01-15';

-- a confirmed future QBR
from platform_calendar_event_prop
where status = 'confirmed' and kind = 'qbr' and start_time > timestamp '2025-01-15';

-- an unconfirmed future QBR
from platform_calendar_event_prop
where status = 'tentative' and kind = 'qbr' and start_time > timestamp '2025-01-15';

-- a held QBR
from platform_calendar_event_prop
where status = 'confirmed' and kind = 'qbr' and start_time < timestamp '2025-01-15';

-- a meeting at the very instant
from platform_calendar_event_prop
where start_time = timestamp '2025-01-15';

-- a meeting without an end
from platform_calendar_event_prop
where end_time is null;

-- a meeting that ends before it starts
from platform_calendar_event_prop
where end_time < start_time;

-- a meeting of more than a day
from platform_calendar_event_prop
where end_time - start_time > interval 24 hours;

-- a meeting without a kind
from platform_calendar_event_prop
where kind is null;

-- an attendee who did not attend
from platform_calendar_event_attendee
where attended = false;

-- an attendee without an attended flag
from platform_calendar_event_attendee
where attended is null;

-- an attendee of an unknown meeting
from platform_calendar_event_attendee
where event_id = 999999999;

-- two summaries of one meeting
from (select event_id from platform_ai_summary where event_id is not null group by all having count(distinct summary) > 1);

-- a summary of a cancelled meeting
from platform_ai_summary s
where exists (from platform_calendar_event_prop e where e.id::text = s.event_id and e.status = 'cancelled');

-- a summary of another customer's meeting
from platform_ai_summary s
where exists (from platform_calendar_event_prop e where e.id::text = s.event_id and e.customer_id::text <> s.customer_id);

-- a summary of an unknown meeting
from platform_ai_summary
where event_id = '999999999';

-- a call that was accepted but not attended
from platform_calendar_event_attendee a
join platform_calendar_event_prop e on a.organization_id = e.organization_id and a.event_id = e.id
where trim(e.kind) = 'video' and a.response = 'accepted' and not a.attended;

---- tickets

-- a ticket without comments
from platform_ticket t
where not exists (from platform_ticket_comment c where c.ticket_id = t.id);

-- a ticket with several comments
from (select ticket_id from platform_ticket_comment group by all having count(*) > 2);

-- a ticket without an assignee
from platform_ticket
where assignee_id is null;

-- a ticket without a requester
from platform_ticket
where requester_id is null;

-- a ticket closed before it was opened
from platform_ticket
where closed_at < opened_at;

-- a comment before its ticket
from platform_ticket_comment c
join platform_ticket t on t.id = c.ticket_id and t.organization_id = c.organization_id
where c.created_at < t.opened_at;

-- a comment on an unknown ticket
from platform_ticket_comment
where ticket_id = 999999999;

-- a ticket from the future
from platform_ticket
where opened_at > timestamp '2025-01-15';
