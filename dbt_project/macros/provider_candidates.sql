{#-
  D35: a select of the providers that active tokens name, by kind and by `whose` they are: a user's (`user`), the newest
  first, and an organization's (`organization`, no user_id), the commonest first; ties are in the order of the alphabet.
  The provider is that of place 1.
-#}
{% macro provider_candidates() -%}
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
{%- endmacro %}
