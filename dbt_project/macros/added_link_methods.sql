{#-
  related linking: the link methods that the var `link_methods` adds to the three of D13, in its order. The empty lists
  let the linter evaluate it as well.
-#}
{% macro added_link_methods() -%}
    {%- set known = ["account_id", "lmn_crm_id", "lmn_contact_id", "email", "phone", "crm_tags"] -%}
    {%- for method in var("link_methods") if method not in known -%}
        {{ exceptions.raise_compiler_error("link_methods names '" ~ method ~ "'; use email, phone, crm_tags") }}
    {%- endfor -%}
    {%- set standard = ["account_id", "lmn_crm_id", "lmn_contact_id"] -%}
    {{ return([] + var("link_methods") | reject("in", standard) | unique | list + []) }}
{%- endmacro %}
