with

spine as (

    select * from {{ ref('int_customer_success__account_spine') }}

),

channels as (

    select * from {{ ref('int_communication__configured_channels') }}

),

scores as (

    select * from {{ ref('int_health__scores') }}

),

constants as (

    select * from {{ ref('int_health__constants') }}

),

insights as (

    select * from {{ ref('int_customer_success__insight_pivot') }}

),

meetings as (

    select * from {{ ref('int_communication__meetings_by_customer') }}

),

stats as (

    select * from {{ ref('int_communication__account_stats') }}

),

texts as (

    select * from {{ ref('int_customer_success__latest_texts') }}

),

data_as_of as (

    select * from {{ ref('int_customer_success__data_as_of') }}

),

final as (

    select
        -- identity & hierarchy
        spine.account_id,
        {{ cut_to('spine.crm_id', 100) }} as crm_id,
        {{ cut_to('spine.app_id', 100) }} as app_id,
        {{ cut_to('spine.account_name', 100) }} as account_name,
        {{ cut_to('spine.domain', 100) }} as domain,
        spine.parent_account_id,
        spine.tier_id,
        {{ cut_to('spine.tier_name', 50) }} as tier_name,
        spine.owner_id,
        spine.organization_id,

        -- lifecycle & status
        {{ cut_to('spine.status', 50) }} as status,
        {{ cut_to('spine.status_detail', 100) }} as status_detail,
        spine.journey_id,
        {{ cut_to('spine.journey_phase_name', 100) }} as journey_phase_name,
        {{ held_figure('spine.revenue', 10) }} as revenue,
        spine.renewal_date,
        spine.contract_start_date,

        -- health scores
        scores.health_score,
        {{ score_label('scores.health_score', 'constants') }} as health_score_label,
        scores.engagement_score,
        {{ score_label('scores.engagement_score', 'constants') }} as engagement_score_label,
        scores.sentiment_score,
        {{ score_label('scores.sentiment_score', 'constants') }} as sentiment_score_label,
        scores.open_items_score,
        {{ score_label('scores.open_items_score', 'constants') }} as open_items_score_label,
        scores.response_time_score,
        {{ score_label('scores.response_time_score', 'constants') }} as response_time_score_label,

        -- insights - boolean flags; D26: null, not false, without a source table
        {% for type in insight_flag_types() -%}
        case when spine.is_customer and channels.has_insights then coalesce(insights.insight_{{ type }}, false) end
            as insight_{{ type }},
        {% endfor %}

        -- lifecycle events - last occurrence dates
        {% for type in lifecycle_event_types() -%}
        {% if type == 'qbr' -%}
        greatest(insights.lifecycle_event_qbr, meetings.last_qbr_at) as lifecycle_event_qbr,
        {% else -%}
        insights.lifecycle_event_{{ type }},
        {% endif -%}
        {% endfor -%}
        cast(meetings.next_qbr_at as date) as next_qbr_date,

        -- activity metrics
        stats.last_engagement,
        stats.last_reach_out,
        stats.last_touch,
        stats.last_touch_dm,
        cast(stats.total_activity as integer) as total_activity,
        cast(stats.stakeholders_count as integer) as stakeholders_count,
        cast(stats.users_count as integer) as users_count,
        stats.multi_threaded,
        texts.last_note,

        -- sentiment - aggregates
        cast(stats.positive_sentiment as integer) as positive_sentiment,
        cast(stats.neutral_sentiment as integer) as neutral_sentiment,
        cast(stats.negative_sentiment as integer) as negative_sentiment,

        -- expansion analyst
        texts.ai_expansion_summary,
        {{ cut_to('texts.expansion_readiness_level', 20) }} as expansion_readiness_level,

        -- churn analyst
        texts.ai_churn_analysis,
        texts.ai_churn_risk_summary,
        spine.churn_date,

        -- ai summaries
        texts.ai_account_summary,
        texts.ai_renewal_analysis,

        -- system fields
        {{ as_of() }} as extracted_at,
        data_as_of.data_as_of

    from spine
    cross join constants
    cross join channels
    inner join data_as_of on spine.organization_id = data_as_of.organization_id
    left join scores
        on spine.organization_id = scores.organization_id and spine.account_id = scores.account_id and spine.is_customer
    left join insights
        on
            spine.organization_id = insights.organization_id
            and spine.account_id = insights.customer_id
            and spine.is_customer
    left join meetings
        on
            spine.organization_id = meetings.organization_id
            and spine.account_id = meetings.customer_id
            and spine.is_customer
    left join stats
        on spine.organization_id = stats.organization_id and spine.account_id = stats.account_id and spine.is_customer
    left join texts
        on spine.organization_id = texts.organization_id and spine.account_id = texts.customer_id and spine.is_customer

)

select * from final
