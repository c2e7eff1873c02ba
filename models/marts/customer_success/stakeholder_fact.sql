-- related stakeholder_fact: each stakeholder of a customer
with

facts as (

    select * from {{ ref('int_communication__stakeholder_facts') }}

),

constants as (

    select * from {{ ref('int_health__constants') }}

),

customers as (

    select
        account_id,
        organization_id,
        crm_account_id

    from {{ ref('int_customer_success__account_spine') }}
    where is_customer

),

data_as_of as (

    select * from {{ ref('int_customer_success__data_as_of') }}

),

final as (

    select
        -- keys
        facts.stakeholder_id,
        facts.customer_id as account_id,

        -- identity
        {{ cut_to('facts.email', 200) }} as stakeholder_email,
        {{ cut_to('facts.name', 100) }} as stakeholder_name,
        {{ cut_to('facts.title', 200) }} as stakeholder_title,
        {{ cut_to('facts.crm_id', 100) }} as stakeholder_crm_id,
        {{ cut_to('facts.type', 50) }} as stakeholder_type,
        {{ cut_to('facts.role', 50) }} as stakeholder_gs_role,
        {{ cut_to('facts.touch_frequency', 50) }} as stakeholder_touch_frequency,
        facts.is_muted as stakeholder_muted,
        facts.is_opted_out as stakeholder_opted_out,

        -- touches
        facts.last_engagement as stakeholder_last_engagement,
        facts.last_reach_out as stakeholder_last_reach_out,
        facts.last_received_email as stakeholder_last_received_email,
        facts.last_sent_email as stakeholder_last_sent_email,

        -- e-mail
        cast(facts.emails_messages as integer) as stakeholder_sent_emails,
        cast(facts.emails_positive as integer) as stakeholder_emails_positive,
        cast(facts.emails_negative as integer) as stakeholder_emails_negative,
        cast(facts.emails_neutral as integer) as stakeholder_emails_neutral,
        cast(facts.email_response_hours as numeric(10, 2)) as stakeholder_response_time_hours,
        cast(facts.email_relationships as integer) as stakeholder_email_relationships,

        -- meetings
        cast(facts.attended_meetings as integer) as stakeholder_attended_meetings,
        cast(facts.accepted_meetings as integer) as stakeholder_accepted_meetings,
        cast(facts.invited_meetings as integer) as stakeholder_invited_meetings,
        facts.last_attended_at as stakeholder_last_attended_meeting,
        facts.next_meeting_at as stakeholder_next_scheduled_meeting,
        cast(facts.attended_calls as integer) as stakeholder_attended_calls,
        cast(facts.accepted_calls as integer) as stakeholder_accepted_calls,
        facts.show_rate as stakeholder_show_rate,

        -- chat and tickets
        cast(facts.chat_messages as integer) as stakeholder_sent_chat_messages,
        cast(facts.chat_positive as integer) as stakeholder_chat_positive,
        cast(facts.chat_negative as integer) as stakeholder_chat_negative,
        cast(facts.chat_neutral as integer) as stakeholder_chat_neutral,
        cast(facts.submitted_tickets as integer) as stakeholder_submitted_tickets,

        -- sentiment
        cast(facts.positive_items as integer) as stakeholder_positive_items,
        cast(facts.neutral_items as integer) as stakeholder_neutral_items,
        cast(facts.negative_items as integer) as stakeholder_negative_items,
        facts.sentiment_score as stakeholder_sentiment_score,
        {{ score_label('facts.sentiment_score', 'constants') }} as stakeholder_sentiment,

        -- system fields
        {{ as_of() }} as extracted_at,
        data_as_of.data_as_of,

        -- the tenant, and the account's id in the CRM's tables
        facts.organization_id,
        customers.crm_account_id

    from facts
    inner join customers
        on facts.organization_id = customers.organization_id and facts.customer_id = customers.account_id
    inner join data_as_of on facts.organization_id = data_as_of.organization_id
    cross join constants

)

select * from final
