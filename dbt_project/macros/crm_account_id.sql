{#- D24: the bigint id of a CRM-only account: 2^52 + the first 13 hexadecimal digits of md5('crm:' || its CRM id). -#}
{% macro crm_account_id(crm_id) -%}
    {%- set digits = "substring(" ~ md5_hex("'crm:' || " ~ crm_id) ~ ", 1, 13)" -%}
    ({{ 2 ** 52 }} + {{ hexadecimal_number(digits) }})
{%- endmacro %}
