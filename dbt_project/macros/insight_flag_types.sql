{#-
  D26: the insight types that have a flag in account_core, in the spec's order: the type account_dark is the column
  insight_account_dark. The seed insight_types holds the same, and a test compares them.
-#}
{% macro insight_flag_types() -%}
    {{ return([
        "account_dark",
        "no_reach_out",
        "no_meetings",
        "no_next_meeting",
        "no_qbr",
        "no_renewal_discussion",
        "no_exec_communication",
        "single_threaded",
        "churn_risk",
        "churn_notification",
        "positive_sentiment_trend",
        "negative_sentiment_trend",
        "account_responds_slower",
        "account_personnel_changes",
        "title_changed",
        "stakeholder_not_engaged",
        "stakeholder_roles_undefined",
    ]) }}
{%- endmacro %}
