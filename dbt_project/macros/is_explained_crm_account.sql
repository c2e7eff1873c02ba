{#- Whether a CRM id is that of the account that an explanation is about; never, for a customer that no CRM account links to. -#}
{% macro is_explained_crm_account(column) -%}
    {%- set crm_account_id = var("explain_crm_account_id", none) -%}
    {%- if crm_account_id is none -%}
    (1 = 0)
    {%- else -%}
    ({{ column }} = {{ text_literal(crm_account_id) }})
    {%- endif -%}
{%- endmacro %}
