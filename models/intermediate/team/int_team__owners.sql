{{ config(materialized='table') }}

-- related account_owner_team: each customer's owner, and the owner's work on that account
with

accounts as (

    select * from {{ ref('int_customer_success__account_spine') }}

),

channels as (

    select * from {{ ref('int_communication__configured_channels') }}

),

members as (

    select * from {{ ref('int_team__members') }}

),

stats as (

    select * from {{ ref('int_communication__account_stats') }}

),

messages as (

    select * from {{ ref('int_communication__message_stats') }}

),

email_answers as (

    select * from {{ ref('int_communication__email_answers_by_person') }}
    where is_from_team

),

chat_answers as (

    select * from {{ ref('int_communication__chat_answers_by_person') }}
    where is_from_team

),

customers as (

    select * from accounts
    where is_customer

),

owned as (

    select
        organization_id,
        owner_id,
        count(*) as accounts,
        sum(revenue) as revenue

    from customers
    where owner_id is not null
    group by organization_id, owner_id

),

final as (

    select
        customers.organization_id,
        customers.account_id,
        customers.owner_id,

        -- identity: null for an owner who is not among the tenant's users
        members.first_name as owner_first_name,
        members.last_name as owner_last_name,
        members.email as owner_email,
        members.department as owner_department,
        members.crm_id as owner_crm_id,
        members.title as owner_title,
        members.has_access as owner_has_staircase_access,
        members.is_excluded as owner_excluded_from_analysis,
        members.mailbox_connected as owner_mailbox_connected,

        -- D30: 0 without an owner; D36: null without the channel
        stats.emails_sent_by_owner as owner_sent_emails,
        case when channels.has_email then coalesce(messages.owner_received_emails, 0) end as owner_received_emails,
        {% for sentiment in ['positive', 'negative'] -%}
        case
            when channels.has_email
                then coalesce(messages.owner_received_{{ sentiment }}_emails, 0)
        end as owner_emails_{{ sentiment }}_sentiment,
        {% endfor -%}
        case
            when channels.has_email
                then coalesce(
                    messages.owner_received_emails
                    - messages.owner_received_positive_emails - messages.owner_received_negative_emails, 0
                )
        end as owner_emails_neutral_sentiment,
        -- D28: the owner's answers
        {{ round_half_up('email_answers.answer_seconds', '3600 * email_answers.answers', 2) }}
            as owner_response_time_hours,
        {{ round_half_up('chat_answers.answer_seconds', '3600 * chat_answers.answers', 2) }}
            as owner_chat_response_time_hours,
        stats.owner_total_meetings as owner_attended_meetings,
        stats.owner_meeting_time_hours as owner_meetings_time_hours,
        stats.chat_messages_sent_by_owner as owner_sent_messages,
        stats.tickets_to_owner as owner_assigned_tickets,
        stats.owner_effort_hours,

        -- over all accounts of the organization
        coalesce(owned.accounts, 0) as owner_owned_accounts_count,
        coalesce(owned.revenue, 0) as owner_owned_accounts_revenue

    from customers
    cross join channels
    left join members
        on customers.organization_id = members.organization_id and customers.owner_id = members.user_id
    left join stats
        on customers.organization_id = stats.organization_id and customers.account_id = stats.account_id
    left join messages
        on customers.organization_id = messages.organization_id and customers.account_id = messages.customer_id
    left join email_answers
        on
            customers.organization_id = email_answers.organization_id
            and customers.account_id = email_answers.customer_id
            and customers.owner_id = email_answers.person_id
    left join chat_answers
        on
            customers.organization_id = chat_answers.organization_id
            and customers.account_id = chat_answers.customer_id
            and customers.owner_id = chat_answers.person_id
    left join owned
        on customers.organization_id = owned.organization_id and customers.owner_id = owned.owner_id

)

select * from final
