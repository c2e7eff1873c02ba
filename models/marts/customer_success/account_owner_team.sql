-- related account_owner_team: the owner of each account, and the owner's work on it
with

spine as (

    select
        account_id,
        organization_id,
        is_customer,
        crm_account_id

    from {{ ref('int_customer_success__account_spine') }}

),

owners as (

    select * from {{ ref('int_team__owners') }}

),

data_as_of as (

    select * from {{ ref('int_customer_success__data_as_of') }}

),

-- D36: CRM-only accounts have no owner and no figures
final as (

    select
        -- key
        spine.account_id,

        -- identity
        owners.owner_id,
        {{ cut_to('owners.owner_first_name', 100) }} as owner_first_name,
        {{ cut_to('owners.owner_last_name', 100) }} as owner_last_name,
        {{ cut_to('owners.owner_email', 100) }} as owner_email,
        {{ cut_to('owners.owner_department', 100) }} as owner_department,
        {{ cut_to('owners.owner_crm_id', 100) }} as owner_crm_id,
        {{ cut_to('owners.owner_title', 200) }} as owner_title,
        owners.owner_has_staircase_access,
        owners.owner_excluded_from_analysis,
        owners.owner_mailbox_connected,

        -- work on the account
        {% for column in [
            'owner_sent_emails', 'owner_received_emails', 'owner_emails_positive_sentiment',
            'owner_emails_neutral_sentiment', 'owner_emails_negative_sentiment',
        ] -%}
        cast(owners.{{ column }} as integer) as {{ column }},
        {% endfor -%}
        {{ held_figure('owners.owner_response_time_hours', 8) }} as owner_response_time_hours,
        {{ held_figure('owners.owner_chat_response_time_hours', 8) }} as owner_chat_response_time_hours,
        cast(owners.owner_attended_meetings as integer) as owner_attended_meetings,
        {{ held_figure('owners.owner_meetings_time_hours', 8) }} as owner_meetings_time_hours,
        cast(owners.owner_sent_messages as integer) as owner_sent_messages,
        cast(owners.owner_assigned_tickets as integer) as owner_assigned_tickets,
        {{ held_figure('owners.owner_effort_hours', 8) }} as owner_effort_hours,

        -- all of the owner's accounts
        cast(owners.owner_owned_accounts_count as integer) as owner_owned_accounts_count,
        {{ held_figure('owners.owner_owned_accounts_revenue', 10) }} as owner_owned_accounts_revenue,

        -- system fields
        {{ as_of() }} as extracted_at,
        data_as_of.data_as_of,
        spine.organization_id,

        -- the account's id in the CRM's tables
        spine.crm_account_id

    from spine
    inner join data_as_of on spine.organization_id = data_as_of.organization_id
    left join owners
        on
            spine.organization_id = owners.organization_id
            and spine.account_id = owners.account_id
            and spine.is_customer

)

select * from final
