with

loads as (

    select * from {{ source('run', 'loads') }}

),

rejects as (

    select * from {{ ref('rejects') }}

),

listed as (

    {% for count in ['read', 'loaded', 'rejected'] -%}
    select
        'rows_{{ count }}' as metric,
        source || '.' || table_name as dimension,
        coalesce({{ count }}, 0) as value
    from loads
    union all
    {% endfor -%}
    select
        'rejects' as metric,
        source || '.' || table_name || ', ' || action as dimension,
        count(*) as value
    from rejects
    group by source, table_name, action

    union all

    -- D15, D27, D31, D33, D34: a flag that could not be parsed is null, and the models treat null as true or false
    select
        'flags_unread' as metric,
        source || '.' || table_name || '.' || column_name || ', taken for '
        || case when column_name = 'attended' then 'true' else 'false' end as dimension,
        count(*) as value
    from rejects
    where
        action = 'cell nulled'
        and column_name in (
            'archived', 'exclude_stats', 'primary_contact',
            'muted', 'opted_out', 'excluded', 'attended', 'is_active', 'active'
        )
    group by source, table_name, column_name

),

typed as (

    select
        metric,
        dimension,
        cast(value as numeric(24, 6)) as value

    from listed

)

select * from typed
