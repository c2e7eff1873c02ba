-- scores: the seed's constants as one row, one column per constant
{%- set names = [
    "window_days",
    "minimum_peers",
    "engagement_email_weight",
    "engagement_chat_weight",
    "engagement_meeting_weight",
    "engagement_ticket_weight",
    "engagement_target",
    "team_response_target_seconds",
    "account_response_target_seconds",
    "open_items_target",
    "open_items_team_thread_weight",
    "open_items_account_thread_weight",
    "open_items_ticket_days",
    "sentiment_minimum_messages",
    "sentiment_damping",
    "sentiment_base",
    "sentiment_upper_span",
    "sentiment_lower_span",
    "response_team_weight",
    "response_account_weight",
    "health_engagement_weight",
    "health_sentiment_weight",
    "health_response_time_weight",
    "health_open_items_weight",
    "health_minimum_parts",
    "health_minimum_weight",
    "health_churn_risk_deduction",
    "health_renewal_addition",
    "health_renewal_days",
    "health_churn_notification_cap",
    "label_red_up_to",
    "label_yellow_up_to",
] %}

with

score_constants as (

    select * from {{ ref('score_constants') }}

),

pivoted as (

    select
        {%- for name in names %}
        max(case when name = '{{ name }}' then cast(value as bigint) end) as {{ name }}{{ "," if not loop.last }}
        {%- endfor %}

    from score_constants

)

select * from pivoted
