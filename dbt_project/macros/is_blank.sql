{#- Whether a text is null or holds nothing but blanks. -#}
{% macro is_blank(text) -%}
    (coalesce({{ trim_text(text) }}, '') = '')
{%- endmacro %}
