{#-
  scores parts: each part as score, part, input (dividend, divisor), weight (dividend, divisor), benchmark (dividend, divisor), its
  basis, contribution (dividend, divisor). Input times weight is the part's share of what the score is computed from.
-#}
{%- set parts = [
    ('engagement', 'emails', 'engagement_emails', '10000 * engagement_email_weight', 'engagement_email_weight', '2',
     'engagement_benchmark', '20000', 'engagement_basis', '200 * engagement_emails', 'engagement_divisor'),
    ('engagement', 'chat_messages', 'engagement_chat_messages', '10000 * engagement_chat_weight', 'engagement_chat_weight', '2',
     'engagement_benchmark', '20000', 'engagement_basis', '200 * engagement_chat_messages', 'engagement_divisor'),
    ('engagement', 'meetings', 'engagement_meetings', '10000 * engagement_meeting_weight', 'engagement_meeting_weight', '2',
     'engagement_benchmark', '20000', 'engagement_basis', '200 * engagement_meetings', 'engagement_divisor'),
    ('engagement', 'tickets', 'engagement_tickets', '10000 * engagement_ticket_weight', 'engagement_ticket_weight', '2',
     'engagement_benchmark', '20000', 'engagement_basis', '200 * engagement_tickets', 'engagement_divisor'),
    ('sentiment', 'base', 'sentiment_messages', '1', none, none, none, none, none, 'sentiment_base', '1'),
    ('sentiment', 'positive', 'sentiment_positive', '10000', 'sentiment_span', '1', none, none, none,
     'sentiment_span * sentiment_positive', 'sentiment_divisor'),
    ('sentiment', 'neutral', 'sentiment_neutral', '10000', '0', '1', none, none, none, '0', '1'),
    ('sentiment', 'negative', 'sentiment_negative', '10000', '-sentiment_span', '1', none, none, none,
     '-sentiment_span * sentiment_negative', 'sentiment_divisor'),
    ('response_time', 'team', 'team_response', '1', 'team_weight', '100', 'team_response_benchmark', '1',
     'team_response_basis', 'team_weight * team_dividend', '100 * team_divisor'),
    ('response_time', 'account', 'account_response', '1', 'account_weight', '100', 'account_response_benchmark', '1',
     'account_response_basis', 'account_weight * account_dividend', '100 * account_divisor'),
    ('open_items', 'nothing_open', none, none, none, none, 'open_items_benchmark', 'window_days', 'open_items_basis',
     '100', '1'),
    ('open_items', 'team_threads', 'open_team_threads', 'open_items_team_thread_weight * window_days',
     'open_items_team_thread_weight', '1', 'open_items_benchmark', 'window_days', 'open_items_basis',
     '-200 * open_team_threads', 'open_items_divisor'),
    ('open_items', 'account_threads', 'open_account_threads', 'open_items_account_thread_weight * window_days',
     'open_items_account_thread_weight', '1', 'open_items_benchmark', 'window_days', 'open_items_basis',
     '-200 * open_account_threads', 'open_items_divisor'),
    ('open_items', 'tickets', 'open_tickets', 'open_items_ticket_days', 'open_items_ticket_days', 'window_days',
     'open_items_benchmark', 'window_days', 'open_items_basis', '-200 * open_tickets', 'open_items_divisor'),
    ('health', 'engagement', 'engagement_points', '100', 'engagement_weight', 'health_weight', none, none, none,
     'engagement_weight * engagement_points', '100 * health_weight'),
    ('health', 'sentiment', 'sentiment_points', '100', 'sentiment_weight', 'health_weight', none, none, none,
     'sentiment_weight * sentiment_points', '100 * health_weight'),
    ('health', 'response_time', 'response_time_points', '100', 'response_time_weight', 'health_weight', none, none, none,
     'response_time_weight * response_time_points', '100 * health_weight'),
    ('health', 'open_items', 'open_items_points', '100', 'open_items_weight', 'health_weight', none, none, none,
     'open_items_weight * open_items_points', '100 * health_weight'),
    ('health', 'churn_risk', 'case when has_churn_risk then 1 else 0 end', '1', '-health_churn_risk_deduction', '1', none,
     none, none, 'health_churn_risk', '100 * health_weight'),
    ('health', 'recent_renewal', 'case when has_recent_renewal then 1 else 0 end', '1', 'health_renewal_addition', '1', none,
     none, none, 'health_renewal', '100 * health_weight'),
    ('health', 'churn_notification_cap', 'case when has_churn_notification then 1 else 0 end', '1', none, none, none, none,
     none, 'health_capped - health_average - health_churn_risk - health_renewal', '100 * health_weight'),
    ('health', 'bounds', none, none, none, none, none, none, none, 'health_bounded - health_capped', '100 * health_weight'),
] %}

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
{% for score, part, input, input_divisor, weight, weight_divisor, benchmark, benchmark_divisor, basis, dividend, divisor in parts %}
    select
        organization_id,
        account_id,
        '{{ score }}' as score,
        '{{ part }}' as part,
        {{ loop.index }} as position,
        {% if input %}{{ round_half_up(input, input_divisor, 4) }}{% else %}cast(null as numeric(38, 4)){% endif %} as input,
        {% if weight %}{{ round_half_up(weight, weight_divisor, 4) }}{% else %}cast(null as numeric(38, 4)){% endif %} as weight,
        {% if benchmark %}{{ round_half_up(benchmark, benchmark_divisor, 4) }}{% else %}cast(null as numeric(38, 4)){% endif %} as benchmark,
        {% if basis %}{{ basis }}{% else %}cast(null as {{ text_type() }}){% endif %} as benchmark_basis,
        case when {{ score }}_score is not null then
            coalesce({{ round_half_up(dividend, divisor, 2) }}, 0)
        end as contribution,
        {{ score }}_score as published_score

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
