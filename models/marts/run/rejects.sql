with

rejects as (

    select * from {{ source('run', 'rejects') }}

),

meetings as (

    select * from {{ ref('int_communication__meetings') }}

),

lmn_estimates as (

    {{ lmn_estimates_matched() | indent(4) }}

),

lmn_accounts as (

    {{ lmn_accounts_matched() | indent(4) }}

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

estimates_without_id as (

    select
        'lmn' as source,
        'estimates_list' as table_name,
        cast(null as {{ text_type() }}) as file,
        source_row as row_number,
        'lmn_estimate_id' as column_name,
        lmn_estimate_id as value,
        'lmn-estimate-' || lmn_estimate_id || ' is the id of another estimate in the CRM' as reason,
        'row dropped' as action

    from lmn_estimates
    where crm_estimate_id is not null and crm_choice > 1

),

accounts_without_id as (

    select
        'lmn' as source,
        'contacts_export' as table_name,
        cast(null as {{ text_type() }}) as file,
        source_row as row_number,
        'lmn_crm_id' as column_name,
        lmn_crm_id as value,
        'lmn-account-' || lmn_crm_id || ' is the id of another account in the CRM' as reason,
        'account dropped' as action

    from lmn_accounts
    where crm_account_id is not null and crm_choice > 1

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

    select
        source,
        table_name,
        file,
        row_number,
        column_name,
        value,
        reason,
        action

    from meetings_without_length

    union all

    select
        source,
        table_name,
        file,
        row_number,
        column_name,
        value,
        reason,
        action

    from estimates_without_id

    union all

    select
        source,
        table_name,
        file,
        row_number,
        column_name,
        value,
        reason,
        action

    from accounts_without_id

)

select * from final
