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

),

typed as (

    select
        metric,
        dimension,
        cast(value as numeric(24, 6)) as value

    from listed

)

select * from typed
