{#- A plain text as an SQL literal. -#}
{% macro text_literal(text) -%}
    {{ return(adapter.dispatch("text_literal")(text)) }}
{%- endmacro %}

{% macro default__text_literal(text) -%}
    '{{ text | string | replace("'", "''") }}'
{%- endmacro %}

{#- Spark reads escapes in text literals. -#}
{% macro spark__text_literal(text) -%}
    '{{ text | string | replace("\\", "\\\\") | replace("'", "\\'") }}'
{%- endmacro %}
