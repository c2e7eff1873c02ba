{#- Whether a text starts with a prefix, which is given as plain text: starts_with('status', 'sold'). -#}
{% macro starts_with(text, prefix) -%}
    {{ return(adapter.dispatch("starts_with")(text, prefix)) }}
{%- endmacro %}

{% macro default__starts_with(text, prefix) -%}
    starts_with({{ text }}, {{ text_literal(prefix) }})
{%- endmacro %}

{% macro spark__starts_with(text, prefix) -%}
    startswith({{ text }}, {{ text_literal(prefix) }})
{%- endmacro %}
