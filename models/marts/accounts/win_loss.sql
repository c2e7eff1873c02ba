{#- the scopes; each has a key column below -#}
{%- set scopes = ['all', 'account', 'division', 'salesperson'] -%}

-- related-exports, win_loss: the outcomes of the estimates of each year
with

estimates as (

    select * from {{ ref('int_estimates__dated') }}
    -- win_loss archived
    where not archived

),

data_as_of as (

    select * from {{ ref('int_customer_success__data_as_of') }}
    where organization_id = {{ var('crm_organization_id') }}

),

named as (

    select
        'all' as all_key,
        account_id as account_key,
        {{ division_name('division') }} as division_key,
        -- win_loss scopes: an estimate without an account or salesperson is in no row of that scope
        case when not {{ is_blank('salesperson') }} then {{ trim_text('salesperson') }} end as salesperson_key,
        outcome_year as year,
        outcome,
        cast(price_used * 100 as bigint) as price_cents

    from estimates

),

-- aggregated once, so that each scope sums few rows
summed as (

    select
        all_key,
        account_key,
        division_key,
        salesperson_key,
        year,
        outcome,
        count(*) as estimates,
        sum(price_cents) as cents

    from named
    group by all_key, account_key, division_key, salesperson_key, year, outcome

),

scoped as (

    {% for scope in scopes -%}
    select
        '{{ scope }}' as scope,
        {{ scope }}_key as scope_key,
        year,
        outcome,
        estimates,
        cents

    from summed
    where {{ scope }}_key is not null
    {% if not loop.last %}
    union all
    {% endif -%}
    {% endfor %}

),

counted as (

    select
        scope,
        scope_key,
        year,
        cast(sum(estimates) as bigint) as total_estimates,
        cast(sum(cents) as bigint) as total_cents,
        {% for outcome in ['won', 'lost', 'pending'] -%}
        cast(coalesce(sum(case when outcome = '{{ outcome }}' then estimates end), 0) as bigint)
            as {{ outcome }}_estimates,
        cast(coalesce(sum(case when outcome = '{{ outcome }}' then cents end), 0) as bigint) as {{ outcome }}_cents
        {{- "," if not loop.last }}
        {% endfor %}
    from scoped
    group by scope, scope_key, year

),

final as (

    select
        -- key
        data_as_of.organization_id,
        cast(counted.scope as {{ text_type() }}) as scope,
        counted.scope_key,
        counted.year,

        -- counts
        {% for outcome in ['total', 'won', 'lost', 'pending'] -%}
        cast(counted.{{ outcome }}_estimates as integer) as {{ outcome }}_estimates,
        {% endfor %}
        -- values
        {% for outcome in ['total', 'won', 'lost', 'pending'] -%}
        cast(counted.{{ outcome }}_cents * 0.01 as numeric(18, 2)) as {{ outcome }}_value,
        {% endfor %}
        -- win_loss rate: percent with one decimal, half up, null where the base is 0
        {{ round_half_up(
            '100 * counted.won_estimates', 'counted.won_estimates + counted.lost_estimates', 1, precision=4
        ) }} as win_rate,
        {{ round_half_up('100 * counted.won_estimates', 'counted.total_estimates', 1, precision=4) }}
            as estimates_vs_won,
        {{ round_half_up('100 * counted.won_cents', 'counted.total_cents', 1, precision=24) }} as revenue_vs_won,

        -- system fields
        {{ as_of() }} as extracted_at,
        data_as_of.data_as_of

    from counted
    cross join data_as_of

)

select * from final
