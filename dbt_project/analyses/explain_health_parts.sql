-- scores: the parts of each score
with

parts as (

    select * from {{ ref('account_health') }}

)

select
    score,
    part,
    input,
    weight,
    benchmark,
    benchmark_basis,
    contribution,
    position

from parts
where {{ is_explained_customer('parts', 'account_id') }} and contribution is not null
