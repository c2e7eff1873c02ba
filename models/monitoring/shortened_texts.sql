{{ config(schema='marts', materialized='table') }}

-- D39: the source texts that are longer than their columns in the exports
with

spine as (

    select * from {{ ref('int_customer_success__account_spine') }}

),

customers as (

    select * from {{ ref('stg_platform__customer') }}

),

stats as (

    select * from {{ ref('int_communication__account_stats') }}

),

expansions as (

    select * from {{ ref('stg_platform__ai_expansion_opportunities') }}

),

account_core as (

    select * from {{ ref('account_core') }}

),

stakeholders as (

    select
        stakeholders.organization_id,
        stakeholders.customer_id as account_id,
        stakeholders.email as stakeholder_email,
        stakeholders.name as stakeholder_name,
        stakeholders.title as stakeholder_title,
        stakeholders.crm_id as stakeholder_crm_id,
        stakeholders.type as stakeholder_type,
        stakeholders.role as stakeholder_gs_role,
        stakeholders.touch_frequency as stakeholder_touch_frequency

    from {{ ref('stg_platform__stakeholder') }} as stakeholders
    inner join customers
        on stakeholders.organization_id = customers.organization_id and stakeholders.customer_id = customers.customer_id

),

owners as (

    select * from {{ ref('int_team__owners') }}

),

members as (

    select
        organization_id,
        cast(null as bigint) as account_id,
        email as team_member_email,
        name as team_member_name,
        first_name as team_member_first_name,
        last_name as team_member_last_name,
        title as team_member_title,
        department as team_member_department,
        crm_id as team_member_crm_id

    from {{ ref('int_team__members') }}

),

-- a topic's name and its parent's are listed once, not for each account that mentions it
topics as (

    select
        organization_id,
        cast(null as bigint) as account_id,
        topic_name,
        parent_topic_name

    from {{ ref('int_topics__topics') }}

),

meetings as (

    select
        meetings.organization_id,
        meetings.customer_id as account_id,
        meetings.organizer_email as meeting_organizer_email

    from {{ ref('int_communication__meetings') }} as meetings
    inner join customers
        on meetings.organization_id = customers.organization_id and meetings.customer_id = customers.customer_id

),

-- the text that was cut is found by its beginning, which is cheaper than ranking each customer's texts again
texts as (

    select
        expansions.organization_id,
        expansions.customer_id as account_id,
        max(expansions.readiness_level) as expansion_readiness_level

    from expansions
    inner join account_core
        on
            expansions.organization_id = account_core.organization_id
            and expansions.customer_id = account_core.account_id
            and {{ cut_to('expansions.readiness_level', 20) }} = account_core.expansion_readiness_level
    where char_length(expansions.readiness_level) > 20
    group by expansions.organization_id, expansions.customer_id

),

-- a customer without its own text has that of its CRM account
spine_texts as (

    select
        spine.*,
        customers.crm_id as own_crm_id,
        customers.customer_name as own_account_name,
        customers.status as own_status

    from spine
    left join customers
        on
            spine.organization_id = customers.organization_id
            and spine.account_id = customers.customer_id
            and spine.is_customer

),

{% for column, longest, source_column, crm_column in [
    ('crm_id', 100, 'crm_id', 'lmn_crm_id'),
    ('account_name', 100, 'name', 'name'),
    ('status', 50, 'status', 'status'),
] -%}
{{ column }} as (

    select
        organization_id,
        account_id,
        case when own_{{ column }} is null then 'crm' else 'platform' end as source,
        case when own_{{ column }} is null then 'accounts' else 'customer' end as table_name,
        case when own_{{ column }} is null then '{{ crm_column }}' else '{{ source_column }}' end as column_name,
        'account_core.{{ column }}' as export_column,
        char_length({{ column }}) as length,
        {{ longest }} as longest

    from spine_texts
    where char_length({{ column }}) > {{ longest }}

),

{% endfor -%}
{% for relation, column, longest, table, source_column, export in [
    ('spine', 'app_id', 100, 'customer', 'app_id', 'account_core'),
    ('spine', 'domain', 100, 'customer', 'domain', 'account_core'),
    ('spine', 'tier_name', 50, 'tier', 'name', 'account_core'),
    ('spine', 'status_detail', 100, 'customer', 'status_detail', 'account_core'),
    ('spine', 'journey_phase_name', 100, 'customer_journey', 'name', 'account_core'),
    ('texts', 'expansion_readiness_level', 20, 'ai_expansion_opportunities', 'readiness_level', 'account_core'),
    ('meetings', 'meeting_organizer_email', 100, 'calendar_event_prop', 'organizer_email', 'meeting_summary'),
    ('stakeholders', 'stakeholder_email', 200, 'stakeholder', 'email', 'stakeholder_fact'),
    ('stakeholders', 'stakeholder_name', 100, 'stakeholder', 'name', 'stakeholder_fact'),
    ('stakeholders', 'stakeholder_title', 200, 'stakeholder', 'title', 'stakeholder_fact'),
    ('stakeholders', 'stakeholder_crm_id', 100, 'stakeholder', 'crm_id', 'stakeholder_fact'),
    ('stakeholders', 'stakeholder_type', 50, 'stakeholder', 'type', 'stakeholder_fact'),
    ('stakeholders', 'stakeholder_gs_role', 50, 'stakeholder', 'role', 'stakeholder_fact'),
    ('stakeholders', 'stakeholder_touch_frequency', 50, 'stakeholder', 'touch_frequency', 'stakeholder_fact'),
    ('members', 'team_member_email', 100, 'users', 'email', 'team_dimension'),
    ('members', 'team_member_name', 200, 'users', 'last_name', 'team_dimension'),
    ('members', 'team_member_first_name', 100, 'users', 'first_name', 'team_dimension'),
    ('members', 'team_member_last_name', 100, 'users', 'last_name', 'team_dimension'),
    ('members', 'team_member_title', 200, 'users', 'title', 'team_dimension'),
    ('members', 'team_member_department', 100, 'users', 'department', 'team_dimension'),
    ('members', 'team_member_crm_id', 100, 'users', 'crm_id', 'team_dimension'),
    ('owners', 'owner_first_name', 100, 'users', 'first_name', 'account_owner_team'),
    ('owners', 'owner_last_name', 100, 'users', 'last_name', 'account_owner_team'),
    ('owners', 'owner_email', 100, 'users', 'email', 'account_owner_team'),
    ('owners', 'owner_department', 100, 'users', 'department', 'account_owner_team'),
    ('owners', 'owner_crm_id', 100, 'users', 'crm_id', 'account_owner_team'),
    ('owners', 'owner_title', 200, 'users', 'title', 'account_owner_team'),
    ('topics', 'topic_name', 100, 'topic', 'name', 'topic_dimension'),
    ('topics', 'parent_topic_name', 100, 'topic', 'name', 'account_topic_fact'),
    ('stats', 'email_provider', 50, 'user_api_token', 'provider', 'account_communication_stats'),
    ('stats', 'meeting_provider', 50, 'user_api_token', 'provider', 'account_communication_stats'),
    ('stats', 'chat_provider', 50, 'user_api_token', 'provider', 'account_communication_stats'),
    ('stats', 'ticket_provider', 50, 'user_api_token', 'provider', 'account_communication_stats'),
] -%}
{{ column }} as (

    select
        organization_id,
        account_id,
        'platform' as source,
        '{{ table }}' as table_name,
        '{{ source_column }}' as column_name,
        '{{ export }}.{{ column }}' as export_column,
        char_length({{ column }}) as length,
        {{ longest }} as longest

    from {{ relation }}
    where char_length({{ column }}) > {{ longest }}

),

{% endfor -%}
shortened as (

    {% for column in [
        'crm_id', 'account_name', 'status', 'app_id', 'domain', 'tier_name', 'status_detail', 'journey_phase_name',
        'expansion_readiness_level', 'email_provider', 'meeting_provider', 'chat_provider', 'ticket_provider',
        'meeting_organizer_email', 'stakeholder_email', 'stakeholder_name', 'stakeholder_title', 'stakeholder_crm_id',
        'stakeholder_type', 'stakeholder_gs_role', 'stakeholder_touch_frequency',
        'team_member_email', 'team_member_name', 'team_member_first_name', 'team_member_last_name', 'team_member_title',
        'team_member_department', 'team_member_crm_id', 'owner_first_name', 'owner_last_name', 'owner_email',
        'owner_department', 'owner_crm_id', 'owner_title', 'topic_name', 'parent_topic_name',
    ] -%}
    select * from {{ column }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

final as (

    select
        organization_id,
        account_id,
        cast(source as {{ text_type() }}) as source,
        cast(table_name as {{ text_type() }}) as table_name,
        cast(column_name as {{ text_type() }}) as column_name,
        cast(export_column as {{ text_type() }}) as export_column,
        cast(length as integer) as length,
        cast(longest as integer) as longest

    from shortened

)

select * from final
