with

rejects as (

    select * from {{ source('run', 'rejects') }}

),

meetings as (

    select * from {{ source('platform', 'calendar_event_prop') }}

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
        || ', id ' || cast(id as {{ text_type() }}) as value,
        case
            when end_time is null then 'the meeting has no end'
            else 'the meeting ends before it starts'
        end as reason,
        'counted as 0 hours' as action

    from meetings
    where
        coalesce({{ fold_text('status') }}, '') <> 'cancelled'
        and (end_time is null or end_time < start_time)

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
