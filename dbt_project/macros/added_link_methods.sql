{#-
  related linking: the ways of linking that `link_methods` adds to the three of D13, in its order. The empty lists make it
  one that the linter can give as well.
-#}
{% macro added_link_methods() -%}
    {%- set known = ["account_id", "lmn_crm_id", "lmn_contact_id", "email", "phone", "crm_tags"] -%}
    {%- for method in var("link_methods") if method not in known -%}
        {{ exceptions.raise_compiler_error("link_methods names '" ~ method ~ "'; use email, phone, crm_tags") }}
    {%- endfor -%}
    {{ return([] + var("link_methods") | reject("in", ["account_id", "lmn_crm_id", "lmn_contact_id"]) | unique | list + []) }}
{%- endmacro %}
