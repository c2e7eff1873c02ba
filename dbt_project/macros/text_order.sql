{#- A text as a sort key in the order of its characters' code points, on every engine and in every locale. -#}
{% macro text_order(text) -%}
    {{ return(adapter.dispatch("text_order")(text)) }}
{%- endmacro %}

{% macro default__text_order(text) -%}
    {{ text }}
{%- endmacro %}

{#- A database's own collation is its administrator's choice. -#}
{% macro postgres__text_order(text) -%}
    {{ text }} collate "C"
{%- endmacro %}
