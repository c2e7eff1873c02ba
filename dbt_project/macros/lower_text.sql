{#- A text in lower case, character by character (Unicode's simple mapping), whatever the locale. -#}
{% macro lower_text(text) -%}
    {{ return(adapter.dispatch("lower_text")(text)) }}
{%- endmacro %}

{% macro default__lower_text(text) -%}
    lower({{ text }})
{%- endmacro %}

{#- Under the C collation lower() knows ASCII only, and under others it follows the system's locale. Before version 17
    this uses ICU, which has full mapping: a capital I with a dot becomes two characters, and a sigma depends on its
    neighbours. -#}
{% macro postgres__lower_text(text) -%}
    lower(translate({{ text }}, e'\u0130\u03a3', e'i\u03c3') collate "{{ env_var('WAREHOUSE_POSTGRES_CASE', 'pg_c_utf8') }}")
{%- endmacro %}

{#- Spark has full mapping, too. -#}
{% macro spark__lower_text(text) -%}
    lower(translate({{ text }}, '\u0130\u03a3', 'i\u03c3'))
{%- endmacro %}
