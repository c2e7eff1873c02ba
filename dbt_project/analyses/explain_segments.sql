-- each rule that could decide the account's segment in a year, in the order in which they are checked (D12)
{%- set last_rule = {
    "segment": without_revenue("segment"),
    "rule": "accounts R17",
    "says": "no won estimate in the year",
    "condition": "revenue_cents is null",
} %}

with

revenue as (

    select * from {{ ref('account_revenue_by_year') }}
    where {{ is_explained_crm_account('account_id') }}

),

types as (

    select
        revenue_year,
        count(*) filter (where estimate_type = 'standard') as won_standard,
        count(*) filter (where estimate_type = 'service') as won_service

    from {{ ref('int_revenue__estimate_years') }}
    where {{ is_explained_crm_account('account_id') }}
    group by revenue_year

),

totals as (

    select
        year,
        max(total) as total

    from {{ ref('account_revenue_by_year') }}
    group by year

),

accounts as (

    select id from {{ ref('accounts') }}
    where {{ is_explained_crm_account('id') }}

),

years as (

    select year from revenue

    union

    select {{ selected_year() }} as year from accounts

),

facts as (

    select
        years.year,
        revenue.revenue,
        totals.total,
        revenue.share,
        coalesce(types.won_standard, 0) as won_standard,
        coalesce(types.won_service, 0) as won_service,
        case when types.won_standard > 0 then 1 else 0 end as has_standard,
        case when types.won_service > 0 then 1 else 0 end as has_service,
        cast(revenue.revenue * 100 as bigint) as revenue_cents,
        cast(totals.total * 100 as bigint) as total_cents

    from years
    left join revenue on years.year = revenue.year
    left join types on years.year = types.revenue_year
    left join totals on years.year = totals.year

),

asked as (

    {% for rule in segment_rules() + [last_rule] -%}
    select
        facts.*,
        {{ loop.index }} as place,
        '{{ rule.segment }}' as segment,
        '{{ rule.rule }}' as rule,
        {{ text_literal(rule.says) }} as condition,
        {% if rule.percent is defined -%}
        cast({{ rule.percent }} * 0.01 * facts.total as numeric(30, 4)) as needs_revenue,
        {% else -%}
        cast(null as numeric(30, 4)) as needs_revenue,
        {% endif -%}
        coalesce({{ rule.condition }}, false) as holds

    from facts
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

decided as (

    select
        *,
        min(place) filter (where holds) over (partition by year) as deciding_place

    from asked

)

select
    year,
    segment,
    rule,
    condition,
    revenue,
    total,
    share,
    needs_revenue,
    won_standard,
    won_service,
    case
        when place = deciding_place then 'decides'
        when place > deciding_place then 'not asked'
        else 'does not hold'
    end as outcome,
    year = {{ selected_year() }} as is_selected_year,
    place = deciding_place as is_deciding,
    place

from decided
