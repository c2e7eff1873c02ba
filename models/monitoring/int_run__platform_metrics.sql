-- D2, D26, D31: the platform's rows that do not count, by tenant, table and reason
with

ignored_rows as (

    select * from {{ ref('int_customer_success__ignored_rows') }}

),

typed as (

    select
        'platform_rows_ignored' as metric,
        'organization ' || cast(organization_id as {{ text_type() }}) || ', ' || table_name || ', ' || reason
            as dimension,
        cast(row_count as numeric(24, 6)) as value

    from ignored_rows

)

select * from typed
