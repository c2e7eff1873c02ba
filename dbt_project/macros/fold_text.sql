{#- A text made comparable: trimmed and in lower case. -#}
{% macro fold_text(text) -%}
    {{ lower_text(trim_text(text)) }}
{%- endmacro %}
