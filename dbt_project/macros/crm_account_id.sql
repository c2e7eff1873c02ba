{#-
  D24: the bigint id of a CRM-only account: 500,000,000,000,000 + the first 12 hexadecimal digits of md5('crm:' || its CRM
  id), 15 digits, the most that a spreadsheet keeps exact.
-#}
{% macro crm_account_id(crm_id) -%}
    {%- set digits = "substring(" ~ md5_hex("'crm:' || " ~ crm_id) ~ ", 1, 12)" -%}
    (500000000000000 + {{ hexadecimal_number(digits) }})
{%- endmacro %}
