{{ config(schema='marts', materialized='table') }}

with

rejects as (

    select * from {{ source('run', 'rejects') }}

),

meetings as (

    select * from {{ ref('int_communication__meetings') }}

),

lmn_estimates as (

    select * from {{ ref('int_estimates__lmn_matched') }}

),

lmn_accounts as (

    select * from {{ ref('int_accounts__lmn_accounts_matched') }}

),

lmn_contacts as (

    select * from {{ ref('int_accounts__lmn_contacts_matched') }}

),

contact_rows as (

    select * from {{ ref('int_accounts__lmn_contact_rows') }}

),

shortened as (

    select * from {{ ref('shortened_texts') }}

),

meetings_without_length as (

    -- D31: such a meeting counts 0 hours
    select
        'platform' as source,
        'calendar_event_prop' as table_name,
        cast(null as {{ text_type() }}) as file,
        cast(null as bigint) as row_number,
        'end_time' as column_name,
        'organization ' || cast(organization_id as {{ text_type() }})
        || ', id ' || cast(event_id as {{ text_type() }}) as value,
        end_fault as reason,
        'counted as 0 hours' as action

    from meetings
    where end_fault is not null

),

{% for kind, rows, table, key, action in [
    ('estimate', 'lmn_estimates', 'estimates_list', 'lmn_estimate_id', 'row dropped'),
    ('account', 'lmn_accounts', 'contacts_export', 'lmn_crm_id', 'account dropped'),
    ('contact', 'lmn_contacts', 'contacts_export', 'lmn_contact_id', 'contact dropped'),
] -%}
{{ kind }}s_without_id as (

    select
        'lmn' as source,
        '{{ table }}' as table_name,
        cast(null as {{ text_type() }}) as file,
        source_row as row_number,
        '{{ key }}' as column_name,
        {{ key }} as value,
        'lmn-{{ kind }}-' || {{ key }} || ' is the id of another {{ kind }} in the CRM' as reason,
        '{{ action }}' as action

    from {{ rows }}
    where crm_{{ kind }}_id is not null and crm_choice > 1

),

{% endfor -%}
contacts_repeated as (

    select
        'lmn' as source,
        'contacts_export' as table_name,
        cast(null as {{ text_type() }}) as file,
        source_row as row_number,
        'lmn_contact_id' as column_name,
        lmn_contact_id as value,
        'a Contact ID that an earlier row has' as reason,
        'contact dropped' as action

    from contact_rows
    where lmn_contact_id is not null and choice > 1

),

texts_too_long as (

    -- D39
    select
        source,
        table_name,
        cast(null as {{ text_type() }}) as file,
        cast(null as bigint) as row_number,
        column_name,
        'organization ' || cast(organization_id as {{ text_type() }})
        || coalesce(', account ' || cast(account_id as {{ text_type() }}), '') as value,
        cast(length as {{ text_type() }}) || ' characters, of which ' || export_column || ' holds '
        || cast(longest as {{ text_type() }}) as reason,
        'cell shortened' as action

    from shortened

),

final as (

    select
        source,
        table_name,
        file,
        row_number,
        column_name,
        value,
        reason,
        action

    from rejects

    union all

    select * from meetings_without_length

    union all

    select * from estimates_without_id

    union all

    select * from accounts_without_id

    union all

    select * from contacts_without_id

    union all

    select * from contacts_repeated

    union all

    select * from texts_too_long

)

select * from final
