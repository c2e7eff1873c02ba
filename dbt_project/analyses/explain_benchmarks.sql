-- scores: the account's measures beside its peers' lower median, in the units that int_health__inputs names
with

benchmarks as (

    select * from {{ ref('int_health__benchmarks') }}

)

select
    measure,
    x,
    benchmark,
    benchmark_basis,
    peers

from benchmarks
where {{ is_explained_customer('benchmarks', 'account_id') }}
