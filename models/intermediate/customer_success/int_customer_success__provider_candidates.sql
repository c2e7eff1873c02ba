{{ config(materialized='ephemeral') }}

-- D35: the providers of active tokens: a user's, newest first, and an organization's, most common first
with

tokens as (

    select * from {{ ref('stg_platform__user_api_token') }}
    where is_active and (updated_at is null or updated_at <= {{ as_of() }})

),

counted as (

    select
        organization_id,
        token_kind,
        provider,
        count(*) as tokens

    from tokens
    group by organization_id, token_kind, provider

),

ranked as (

    select
        'user' as whose,
        organization_id,
        user_id,
        token_kind,
        provider,
        cast(1 as bigint) as tokens,
        row_number() over (
            partition by organization_id, user_id, token_kind
            order by
                updated_at desc nulls last,
                {{ text_order('provider') }} asc nulls last,
                token_id desc nulls last
        ) as place,
        updated_at

    from tokens

    union all

    select
        'organization' as whose,
        organization_id,
        cast(null as bigint) as user_id,
        token_kind,
        provider,
        tokens,
        row_number() over (
            partition by organization_id, token_kind
            order by tokens desc nulls last, {{ text_order('provider') }} asc nulls last
        ) as place,
        cast(null as timestamp) as updated_at

    from counted

)

select * from ranked
