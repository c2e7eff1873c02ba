{{ config(schema='marts', materialized='table') }}

with

history as (

    select * from {{ source('run', 'metric_history') }}

),

measured as (

    -- D17
    select * from {{ ref('int_run__load_metrics') }}
    union all
    select * from {{ ref('int_run__estimate_metrics') }}
    union all
    select * from {{ ref('int_run__account_metrics') }}
    union all
    select * from {{ ref('int_run__renewal_metrics') }}
    union all
    select * from {{ ref('int_run__neglect_metrics') }}
    union all
    select * from {{ ref('int_run__platform_metrics') }}
    union all
    select * from {{ ref('int_run__key_metrics') }}
    union all
    select * from {{ ref('int_run__link_metrics') }}

),

final as (

    select
        as_of,
        metric,
        dimension,
        value

    from history

    union all

    select
        {{ as_of() }} as as_of,
        metric,
        dimension,
        value

    from measured

)

select * from final
