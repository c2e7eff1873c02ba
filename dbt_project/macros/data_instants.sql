{#-
  D3: the columns whose latest instant in the rows of an organization may be that of its most recent data. The CRM's
  tables belong to one organization, and have no column for it.
-#}
{% macro data_instants() -%}
    {{ return([
        {"model": "stg_platform__customer", "column": "updated_at", "is_crm": false},
        {"model": "stg_platform__insight", "column": "created_at", "is_crm": false},
        {"model": "stg_platform__insight", "column": "last_detected_at", "is_crm": false},
        {"model": "stg_platform__insight", "column": "resolved_at", "is_crm": false},
        {"model": "stg_platform__ai_expansion_opportunities", "column": "created_at", "is_crm": false},
        {"model": "stg_platform__ai_summary", "column": "created_at", "is_crm": false},
        {"model": "stg_platform__email_prop", "column": "sent_at", "is_crm": false},
        {"model": "stg_platform__chat_message", "column": "sent_at", "is_crm": false},
        {"model": "stg_platform__calendar_event_prop", "column": "start_time", "is_crm": false},
        {"model": "stg_platform__ticket", "column": "opened_at", "is_crm": false},
        {"model": "stg_platform__ticket", "column": "closed_at", "is_crm": false},
        {"model": "stg_platform__ticket_comment", "column": "created_at", "is_crm": false},
        {"model": "stg_platform__note", "column": "created_at", "is_crm": false},
        {"model": "stg_platform__user_api_token", "column": "updated_at", "is_crm": false},
        {"model": "stg_crm__accounts", "column": "created_at", "is_crm": true},
        {"model": "stg_crm__accounts", "column": "updated_at", "is_crm": true},
        {"model": "stg_crm__estimates", "column": "created_at", "is_crm": true},
        {"model": "stg_crm__estimates", "column": "updated_at", "is_crm": true},
    ]) }}
{%- endmacro %}
