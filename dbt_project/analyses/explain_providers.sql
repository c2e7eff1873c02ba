-- D35: the owner's active tokens, newest first, then the organization's providers, commonest first
with

candidates as (

    select * from {{ ref('int_customer_success__provider_candidates') }}

),

customers as (

    select * from {{ ref('stg_platform__customer') }}

)

select
    candidates.token_kind as kind,
    case when candidates.whose = 'user' then 'owner' else candidates.whose end as whose,
    candidates.provider,
    candidates.updated_at,
    candidates.tokens,
    candidates.place,
    case when candidates.whose = 'user' then 0 else 1 end as source_rank

from candidates
inner join customers
    on
        candidates.organization_id = customers.organization_id
        and (candidates.whose = 'organization' or candidates.user_id = customers.owner_id)
where {{ is_explained_customer('customers') }}
