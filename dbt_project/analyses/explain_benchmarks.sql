-- scores: whose lower median the account's measures are held against, and how many they are
with

benchmarks as (

    select * from {{ ref('int_health__benchmarks') }}

)

select
    measure,
    x,
    benchmark_basis,
    peers

from benchmarks
where {{ is_explained_customer('benchmarks', 'account_id') }}
