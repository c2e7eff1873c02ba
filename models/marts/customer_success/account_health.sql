{#-
  scores parts: of each part its input, weight, benchmark and points (the contribution) as dividend and divisor, and
  whose median the benchmark is. Input times weight is what the part adds to the sum that the score is computed from.
-#}
{%- set parts = [] %}
{%- for part, event in [
    ('emails', 'email'),
    ('chat_messages', 'chat'),
    ('meetings', 'meeting'),
    ('tickets', 'ticket'),
] %}
{%- do parts.append({
    'score': 'engagement',
    'part': part,
    'input': ['engagement_' ~ part, '10000 * engagement_' ~ event ~ '_weight'],
    'weight': ['engagement_' ~ event ~ '_weight', 2],
    'benchmark': ['engagement_benchmark', 20000],
    'basis': 'engagement_basis',
    'points': ['200 * engagement_' ~ part, 'engagement_divisor'],
}) %}
{%- endfor %}
{%- do parts.append({
    'score': 'sentiment',
    'part': 'base',
    'input': ['sentiment_messages', 1],
    'points': ['sentiment_base', 1],
}) %}
{%- for part, span in [('positive', 'sentiment_span'), ('neutral', '0'), ('negative', '-sentiment_span')] %}
{%- do parts.append({
    'score': 'sentiment',
    'part': part,
    'input': ['sentiment_' ~ part, 10000],
    'weight': [span, 1],
    'points': [span ~ ' * sentiment_' ~ part, 'sentiment_divisor'],
}) %}
{%- endfor %}
{%- for part in ['team', 'account'] %}
{%- do parts.append({
    'score': 'response_time',
    'part': part,
    'input': [part ~ '_response', 1],
    'weight': [part ~ '_weight', 100],
    'benchmark': [part ~ '_response_benchmark', 1],
    'basis': part ~ '_response_basis',
    'points': [part ~ '_weight * ' ~ part ~ '_dividend', '100 * ' ~ part ~ '_divisor'],
}) %}
{%- endfor %}
{%- do parts.append({
    'score': 'open_items',
    'part': 'nothing_open',
    'benchmark': ['open_items_benchmark', 'window_days'],
    'basis': 'open_items_basis',
    'points': [100, 1],
}) %}
{%- for part, input, weight in [
    ('team_threads', ['open_team_threads', 'open_items_team_thread_weight * window_days'],
     ['open_items_team_thread_weight', 1]),
    ('account_threads', ['open_account_threads', 'open_items_account_thread_weight * window_days'],
     ['open_items_account_thread_weight', 1]),
    ('tickets', ['open_tickets', 'open_items_ticket_days'], ['open_items_ticket_days', 'window_days']),
] %}
{%- do parts.append({
    'score': 'open_items',
    'part': part,
    'input': input,
    'weight': weight,
    'benchmark': ['open_items_benchmark', 'window_days'],
    'basis': 'open_items_basis',
    'points': ['-200 * open_' ~ part, 'open_items_divisor'],
}) %}
{%- endfor %}
{%- for part in ['engagement', 'sentiment', 'response_time', 'open_items'] %}
{%- do parts.append({
    'score': 'health',
    'part': part,
    'input': [part ~ '_points', 100],
    'weight': [part ~ '_weight', 'health_weight'],
    'points': [part ~ '_weight * ' ~ part ~ '_points', '100 * health_weight'],
}) %}
{%- endfor %}
{%- for part, flag, weight, points in [
    ('churn_risk', 'has_churn_risk', ['-health_churn_risk_deduction', 1], 'health_churn_risk'),
    ('recent_renewal', 'has_recent_renewal', ['health_renewal_addition', 1], 'health_renewal'),
    ('churn_notification_cap', 'has_churn_notification', ['null', 1],
     'health_capped - health_average - health_churn_risk - health_renewal'),
] %}
{%- do parts.append({
    'score': 'health',
    'part': part,
    'input': ['case when ' ~ flag ~ ' then 1 else 0 end', 1],
    'weight': weight,
    'points': [points, '100 * health_weight'],
}) %}
{%- endfor %}
{%- do parts.append({
    'score': 'health',
    'part': 'bounds',
    'points': ['health_bounded - health_capped', '100 * health_weight'],
}) %}

with

scores as (

    select * from {{ ref('int_health__scores') }}

),

constants as (

    select * from {{ ref('int_health__constants') }}

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

parts as (
{% for part in parts %}
    select
        organization_id,
        account_id,
        '{{ part.score }}' as score,
        '{{ part.part }}' as part,
        {{ loop.index }} as position,
        {% for column in ['input', 'weight', 'benchmark'] -%}
        {% set dividend, divisor = part.get(column, ['null', 1]) -%}
        {{ round_half_up(dividend, divisor, 4) }} as {{ column }},
        {% endfor -%}
        cast({{ part.get('basis', 'null') }} as {{ text_type() }}) as benchmark_basis,
        case when {{ part.score }}_score is not null then
            coalesce({{ round_half_up(part.points[0], part.points[1], 2) }}, 0)
        end as contribution,
        {{ part.score }}_score as published_score

    from combined
    {{ 'union all' if not loop.last }}
{% endfor %}
),

-- a score is rounded once, its parts each: what that leaves is a part of its own
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

    from parts
    group by organization_id, account_id, score

),

listed as (

    select * from parts
    union all
    select * from roundings

),

final as (

    select
        organization_id,
        account_id,
        score,
        part,
        cast(position as integer) as position,
        input,
        weight,
        benchmark,
        benchmark_basis,
        cast(contribution as numeric(38, 2)) as contribution,
        published_score

    from listed

)

select * from final
