-- scores: the peers whose lower median is the account's benchmark, and how many they are
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
