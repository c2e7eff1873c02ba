{#- related linking: the ASCII digits of a text, in order: '(615) 555-0128' is '6155550128'. Null of null. -#}
{% macro digits_of(text) -%}
    {{ return(adapter.dispatch("digits_of")(text)) }}
{%- endmacro %}

{% macro default__digits_of(text) -%}
    regexp_replace({{ text }}, '[^0-9]', '', 'g')
{%- endmacro %}

{#- Spark replaces every match, and has no flags. -#}
{% macro spark__digits_of(text) -%}
    regexp_replace({{ text }}, '[^0-9]', '')
{%- endmacro %}
