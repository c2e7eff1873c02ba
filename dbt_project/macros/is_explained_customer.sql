{#- Whether a row of `relation` belongs to the explained account (the vars explain_*), if that is a customer. -#}
{% macro is_explained_customer(relation, id="customer_id") -%}
    ({{ relation }}.organization_id = {{ var("explain_organization_id", 0) }} and {{ relation }}.{{ id }} = {{ var("explain_account_id", 0) }})
{%- endmacro %}
