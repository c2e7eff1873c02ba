with

rejects as (

    select * from {{ source('run', 'rejects') }}

),

meetings as (

    select * from {{ ref('int_communication__meetings') }}

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

)

select * from final
