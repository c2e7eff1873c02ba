{#- A text without blanks (line breaks and tabs too) at its ends. -#}
{% macro trim_text(text) -%}
    trim(both {{ blank_characters() }} from {{ text }})
{%- endmacro %}
