-- scores parts: the input, weight and benchmark of each part, whose median that is, and the points that it adds. Input
-- times weight is the part's contribution to the sum that the score is computed from
with

scores as (

    select * from {{ ref('int_health__scores') }}

),

constants as (

    select * from {{ ref('int_health__constants') }}

),

links as (

    select * from {{ ref('int_customer_success__crm_links') }}

),

combined as (

    select
        scores.*,
        constants.*,
        {% for score in ['engagement', 'sentiment', 'response_time', 'open_items'] -%}
        cast({{ score }}_score * 100 as bigint) as {{ score }}_points{{ ',' if not loop.last }}
        {% endfor %}
    from scores
    cross join constants

),

engagement_parts as (
{% for part, event, position in [
    ('emails', 'email', 1),
    ('chat_messages', 'chat', 2),
    ('meetings', 'meeting', 3),
    ('tickets', 'ticket', 4),
] %}
    select
        organization_id,
        account_id,
        'engagement' as score,
        '{{ part }}' as part,
        {{ position }} as position,
        {{ round_half_up('engagement_' ~ part, '10000 * engagement_' ~ event ~ '_weight', 4) }} as input,
        {{ round_half_up('engagement_' ~ event ~ '_weight', 2, 4) }} as weight,
        {{ round_half_up('engagement_benchmark', 20000, 4) }} as benchmark,
        engagement_basis as benchmark_basis,
        {{ round_half_up('200 * engagement_' ~ part, 'engagement_divisor', 2) }} as points,
        engagement_score as published_score

    from combined
    {{ 'union all' if not loop.last }}
{% endfor %}
),

sentiment_parts as (

    select
        organization_id,
        account_id,
        'sentiment' as score,
        'base' as part,
        5 as position,
        {{ round_half_up('sentiment_messages', 1, 4) }} as input,
        cast(null as numeric(38, 4)) as weight,
        cast(null as numeric(38, 4)) as benchmark,
        cast(null as {{ text_type() }}) as benchmark_basis,
        {{ round_half_up('sentiment_base', 1, 2) }} as points,
        sentiment_score as published_score

    from combined
{% for part, span, position in [
    ('positive', 'sentiment_span', 6),
    ('neutral', '0', 7),
    ('negative', '-sentiment_span', 8),
] %}
    union all

    select
        organization_id,
        account_id,
        'sentiment' as score,
        '{{ part }}' as part,
        {{ position }} as position,
        {{ round_half_up('sentiment_' ~ part, 10000, 4) }} as input,
        {{ round_half_up(span, 1, 4) }} as weight,
        cast(null as numeric(38, 4)) as benchmark,
        cast(null as {{ text_type() }}) as benchmark_basis,
        {{ round_half_up(span ~ ' * sentiment_' ~ part, 'sentiment_divisor', 2) }} as points,
        sentiment_score as published_score

    from combined
{% endfor %}
),

response_time_parts as (
{% for part, position in [('team', 9), ('account', 10)] %}
    select
        organization_id,
        account_id,
        'response_time' as score,
        '{{ part }}' as part,
        {{ position }} as position,
        {{ round_half_up(part ~ '_response', 1, 4) }} as input,
        {{ round_half_up(part ~ '_weight', 100, 4) }} as weight,
        {{ round_half_up(part ~ '_response_benchmark', 1, 4) }} as benchmark,
        {{ part }}_response_basis as benchmark_basis,
        {{ round_half_up(part ~ '_weight * ' ~ part ~ '_dividend', '100 * ' ~ part ~ '_divisor', 2) }} as points,
        response_time_score as published_score

    from combined
    {{ 'union all' if not loop.last }}
{% endfor %}
),

open_items_parts as (

    select
        organization_id,
        account_id,
        'open_items' as score,
        'nothing_open' as part,
        11 as position,
        cast(null as numeric(38, 4)) as input,
        cast(null as numeric(38, 4)) as weight,
        {{ round_half_up('open_items_benchmark', 'window_days', 4) }} as benchmark,
        open_items_basis as benchmark_basis,
        {{ round_half_up(100, 1, 2) }} as points,
        open_items_score as published_score

    from combined
{% for part, weight, weight_divisor, input_divisor, position in [
    ('team_threads', 'open_items_team_thread_weight', 1, 'open_items_team_thread_weight * window_days', 12),
    ('account_threads', 'open_items_account_thread_weight', 1, 'open_items_account_thread_weight * window_days', 13),
    ('tickets', 'open_items_ticket_days', 'window_days', 'open_items_ticket_days', 14),
] %}
    union all

    select
        organization_id,
        account_id,
        'open_items' as score,
        '{{ part }}' as part,
        {{ position }} as position,
        {{ round_half_up('open_' ~ part, input_divisor, 4) }} as input,
        {{ round_half_up(weight, weight_divisor, 4) }} as weight,
        {{ round_half_up('open_items_benchmark', 'window_days', 4) }} as benchmark,
        open_items_basis as benchmark_basis,
        {{ round_half_up('-200 * open_' ~ part, 'open_items_divisor', 2) }} as points,
        open_items_score as published_score

    from combined
{% endfor %}
),

health_parts as (
{% for part, position in [('engagement', 15), ('sentiment', 16), ('response_time', 17), ('open_items', 18)] %}
    select
        organization_id,
        account_id,
        'health' as score,
        '{{ part }}' as part,
        {{ position }} as position,
        {{ round_half_up(part ~ '_points', 100, 4) }} as input,
        {{ round_half_up(part ~ '_weight', 'health_weight', 4) }} as weight,
        cast(null as numeric(38, 4)) as benchmark,
        cast(null as {{ text_type() }}) as benchmark_basis,
        {{ round_half_up(part ~ '_weight * ' ~ part ~ '_points', '100 * health_weight', 2) }} as points,
        health_score as published_score

    from combined

    union all
{% endfor %}
{%- for part, flag, weight, points, position in [
    ('churn_risk', 'has_churn_risk', '-health_churn_risk_deduction', 'health_churn_risk', 19),
    ('recent_renewal', 'has_recent_renewal', 'health_renewal_addition', 'health_renewal', 20),
    ('churn_notification_cap', 'has_churn_notification', 'null',
     'health_capped - health_average - health_churn_risk - health_renewal', 21),
] %}
    select
        organization_id,
        account_id,
        'health' as score,
        '{{ part }}' as part,
        {{ position }} as position,
        {{ round_half_up('case when ' ~ flag ~ ' then 1 else 0 end', 1, 4) }} as input,
        {{ round_half_up(weight, 1, 4) }} as weight,
        cast(null as numeric(38, 4)) as benchmark,
        cast(null as {{ text_type() }}) as benchmark_basis,
        {{ round_half_up(points, '100 * health_weight', 2) }} as points,
        health_score as published_score

    from combined

    union all
{% endfor %}
    select
        organization_id,
        account_id,
        'health' as score,
        'bounds' as part,
        22 as position,
        cast(null as numeric(38, 4)) as input,
        cast(null as numeric(38, 4)) as weight,
        cast(null as numeric(38, 4)) as benchmark,
        cast(null as {{ text_type() }}) as benchmark_basis,
        {{ round_half_up('health_bounded - health_capped', '100 * health_weight', 2) }} as points,
        health_score as published_score

    from combined

),

parts as (
{% for score in ['engagement', 'sentiment', 'response_time', 'open_items', 'health'] %}
    select * from {{ score }}_parts
    {{ 'union all' if not loop.last }}
{% endfor %}
),

contributions as (

    select
        organization_id,
        account_id,
        score,
        part,
        position,
        input,
        weight,
        benchmark,
        benchmark_basis,
        case when published_score is not null then coalesce(points, 0) end as contribution,
        published_score

    from parts

),

-- a score is rounded once, its parts one by one; the difference is a part of its own
roundings as (

    select
        organization_id,
        account_id,
        score,
        'rounding' as part,
        max(position) + 1 as position,
        cast(null as numeric(38, 4)) as input,
        cast(null as numeric(38, 4)) as weight,
        cast(null as numeric(38, 4)) as benchmark,
        cast(null as {{ text_type() }}) as benchmark_basis,
        max(published_score) - sum(contribution) as contribution,
        max(published_score) as published_score

    from contributions
    group by organization_id, account_id, score

),

listed as (

    select * from contributions
    union all
    select * from roundings

),

final as (

    select
        listed.organization_id,
        listed.account_id,
        listed.score,
        listed.part,
        cast(listed.position as integer) as position,
        listed.input,
        listed.weight,
        listed.benchmark,
        listed.benchmark_basis,
        cast(listed.contribution as numeric(38, 2)) as contribution,
        listed.published_score,

        -- the account's id in the CRM's tables
        links.crm_account_id

    from listed
    left join links
        on listed.organization_id = links.organization_id and listed.account_id = links.customer_id

)

select * from final
