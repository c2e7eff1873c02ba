{{ config(materialized='table') }}

-- scores engagement, sentiment, response time, open items and health: each from whole numbers, rounded once
with

inputs as (

    select * from {{ ref('int_health__inputs') }}

),

constants as (

    select * from {{ ref('int_health__constants') }}

),

benchmarks as (

    select
        organization_id,
        account_id,
{% for measure in ['engagement', 'team_response', 'account_response', 'open_items'] %}
        max(benchmark) filter (where measure = '{{ measure }}') as {{ measure }}_benchmark,
        max(benchmark_basis) filter (where measure = '{{ measure }}') as {{ measure }}_basis{{ ',' if not loop.last }}
{% endfor %}
    from {{ ref('int_health__benchmarks') }}
    group by organization_id, account_id

),

insights as (

    select * from {{ ref('int_customer_success__insight_pivot') }}

),

-- Up(x) = 200x / (2x + b); Down(x) = 300b / (2x + 3b); a divisor of 0 means that x and b are both 0
divisors as (

    select
        inputs.*,
        benchmarks.engagement_benchmark,
        benchmarks.engagement_basis,
        benchmarks.team_response_benchmark,
        benchmarks.team_response_basis,
        benchmarks.account_response_benchmark,
        benchmarks.account_response_basis,
        benchmarks.open_items_benchmark,
        benchmarks.open_items_basis,

        2 * engagement + engagement_benchmark as engagement_divisor,
        {{ sentiment_divisor('sentiment_positive', 'sentiment_neutral', 'sentiment_negative', 'constants') }}
            as sentiment_divisor,
        {{ sentiment_span('sentiment_positive', 'sentiment_negative', 'constants') }} as sentiment_span,
        case when team_response = 0 and team_response_benchmark = 0 then 100 else 300 * team_response_benchmark end
            as team_dividend,
        case
            when team_response = 0 and team_response_benchmark = 0 then 1
            else 2 * team_response + 3 * team_response_benchmark
        end as team_divisor,
        case
            when account_response = 0 and account_response_benchmark = 0 then 100
            else 300 * account_response_benchmark
        end as account_dividend,
        case
            when account_response = 0 and account_response_benchmark = 0 then 1
            else 2 * account_response + 3 * account_response_benchmark
        end as account_divisor,
        2 * open_items + 3 * open_items_benchmark as open_items_divisor,

        case
            when account_response is null then 100
            when team_response is null then 0
            else constants.response_team_weight
        end as team_weight,
        case
            when team_response is null then 100
            when account_response is null then 0
            else constants.response_account_weight
        end as account_weight,

        coalesce(insights.insight_churn_risk, false) as has_churn_risk,
        coalesce(insights.insight_churn_notification, false) as has_churn_notification,
        coalesce(
            {{ whole_days_between('insights.lifecycle_event_renewal', as_of()) }} < constants.health_renewal_days, false
        )
            as has_recent_renewal

    from inputs
    cross join constants
    inner join benchmarks
        on inputs.organization_id = benchmarks.organization_id and inputs.account_id = benchmarks.account_id
    left join insights
        on inputs.organization_id = insights.organization_id and inputs.account_id = insights.customer_id

),

-- 0.7 Down(team) + 0.3 Down(account) as one quotient
quotients as (

    select
        *,
        case
            when team_response is null and account_response is null then null
            when account_response is null then cast(team_dividend as {{ wide_integer() }})
            when team_response is null then cast(account_dividend as {{ wide_integer() }})
            else
                cast(team_weight * team_dividend as {{ wide_integer() }}) * account_divisor
                + cast(account_weight * account_dividend as {{ wide_integer() }}) * team_divisor
        end as response_dividend,
        case
            when account_response is null then cast(team_divisor as {{ wide_integer() }})
            when team_response is null then cast(account_divisor as {{ wide_integer() }})
            else cast(100 * team_divisor as {{ wide_integer() }}) * account_divisor
        end as response_divisor

    from divisors

),

scored as (

    select
        quotients.*,

        case
            when engagement is null then null
            when engagement_divisor = 0 then cast(0 as numeric(5, 2))
            else {{ round_half_up('200 * engagement', 'engagement_divisor', 2, 5) }}
        end as engagement_score,
        case when sentiment_messages >= constants.sentiment_minimum_messages then
            {{ sentiment_score(
                'sentiment_positive', 'sentiment_negative', 'sentiment_divisor', 'sentiment_span', 'constants'
            ) }}
        end as sentiment_score,
        {{ round_half_up('response_dividend', 'response_divisor', 2, 5) }} as response_time_score,
        case
            when open_items is null then null
            when open_items_divisor = 0 then cast(100 as numeric(5, 2))
            else {{ round_half_up('300 * open_items_benchmark', 'open_items_divisor', 2, 5) }}
        end as open_items_score

    from quotients
    cross join constants

),

weighed as (

    select
        scored.*,
        case when engagement_score is null then 0 else constants.health_engagement_weight end as engagement_weight,
        case when sentiment_score is null then 0 else constants.health_sentiment_weight end as sentiment_weight,
        case when response_time_score is null then 0 else constants.health_response_time_weight end
            as response_time_weight,
        case when open_items_score is null then 0 else constants.health_open_items_weight end as open_items_weight,
        {% for score in ['engagement', 'sentiment', 'response_time', 'open_items'] -%}
        case when {{ score }}_score is null then 0 else 1 end{{ ' +' if not loop.last }}
        {% endfor -%}
        as health_parts

    from scored
    cross join constants

),

-- hundredths of a point times the weight of the scores that are not null
averaged as (

    select
        *,
        engagement_weight + sentiment_weight + response_time_weight + open_items_weight as health_weight,
        engagement_weight * coalesce(cast(engagement_score * 100 as bigint), 0)
        + sentiment_weight * coalesce(cast(sentiment_score * 100 as bigint), 0)
        + response_time_weight * coalesce(cast(response_time_score * 100 as bigint), 0)
        + open_items_weight * coalesce(cast(open_items_score * 100 as bigint), 0) as health_average

    from weighed

),

adjusted as (

    select
        averaged.*,
        health_parts >= constants.health_minimum_parts and health_weight >= constants.health_minimum_weight
            as has_health,
        case when has_churn_risk then -100 * constants.health_churn_risk_deduction * health_weight else 0 end
            as health_churn_risk,
        case when has_recent_renewal then 100 * constants.health_renewal_addition * health_weight else 0 end
            as health_renewal,
        100 * constants.health_churn_notification_cap * health_weight as health_cap

    from averaged
    cross join constants

),

capped as (

    select
        *,
        case
            when has_churn_notification then least(health_average + health_churn_risk + health_renewal, health_cap)
            else health_average + health_churn_risk + health_renewal
        end as health_capped

    from adjusted

),

bounded as (

    select
        *,
        greatest(0, least(health_capped, 10000 * health_weight)) as health_bounded

    from capped

),

final as (

    select
        *,
        case when has_health then {{ round_half_up('health_bounded', '100 * health_weight', 2, 5) }} end as health_score

    from bounded

)

select * from final
