{#-
  D27: the insight types that have a date in account_core, in the spec's order: the type renewal is the column
  lifecycle_event_renewal. The seed insight_types holds the same, and a test compares them.
-#}
{% macro lifecycle_event_types() -%}
    {{ return([
        "qbr",
        "renewal",
        "commercial_discussion",
        "churn_notification",
        "churn_risk",
        "highly_positive",
        "extremely_negative",
        "account_personnel_changes",
        "org_personnel_changes",
        "exec_touchbase",
        "expansion_opp",
        "onboarding",
    ]) }}
{%- endmacro %}
