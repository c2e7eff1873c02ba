{#- Whether a CRM id is that of the explained account; never for a customer without a CRM account. -#}
{% macro is_explained_crm_account(column) -%}
    {%- set crm_account_id = var("explain_crm_account_id", none) -%}
    {%- if crm_account_id is none -%}
    (1 = 0)
    {%- else -%}
    ({{ column }} = {{ text_literal(crm_account_id) }})
    {%- endif -%}
{%- endmacro %}
