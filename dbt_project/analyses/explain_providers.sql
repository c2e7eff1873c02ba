-- D35: the owner's active tokens, newest first, then the organization's providers, commonest first
with

tokens as (

    select * from {{ ref('stg_platform__user_api_token') }}
    where
        is_active
        and (updated_at is null or updated_at <= {{ as_of() }})
        and organization_id = {{ var('explain_organization_id', 0) }}

),

customers as (

    select * from {{ ref('stg_platform__customer') }}

),

candidates as (

    select
        tokens.token_kind as kind,
        'owner' as whose,
        tokens.provider,
        tokens.updated_at,
        tokens.token_id,
        cast(1 as bigint) as tokens,
        0 as source_rank

    from tokens
    inner join customers
        on tokens.organization_id = customers.organization_id and tokens.user_id = customers.owner_id
    where {{ is_explained_customer('customers') }}

    union all

    select
        token_kind as kind,
        'organization' as whose,
        provider,
        cast(null as timestamp) as updated_at,
        cast(null as bigint) as token_id,
        count(*) as tokens,
        1 as source_rank

    from tokens
    group by token_kind, provider

)

select
    kind,
    whose,
    provider,
    updated_at,
    tokens,
    row_number() over (
        partition by kind
        order by
            source_rank asc nulls last,
            updated_at desc nulls last,
            token_id desc nulls last,
            tokens desc nulls last,
            {{ text_order('provider') }} asc nulls last
    ) as place

from candidates
where exists (select 1 from customers where {{ is_explained_customer('customers') }})
