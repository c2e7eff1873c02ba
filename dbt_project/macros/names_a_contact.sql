{#- lmn-format: no contact when both names are blank. -#}
{% macro names_a_contact() -%}
    (first_name is not null or last_name is not null)
{%- endmacro %}
