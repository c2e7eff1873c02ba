{#- D20: a text with each run of blanks replaced by one space. -#}
{% macro collapse_blanks(text) -%}
    {{ return(adapter.dispatch("collapse_blanks")(text)) }}
{%- endmacro %}

{% macro default__collapse_blanks(text) -%}
    regexp_replace({{ text }}, {{ blank_characters("[", "]+") }}, ' ', 'g')
{%- endmacro %}

{#- Spark replaces every match, and has no flags. -#}
{% macro spark__collapse_blanks(text) -%}
    regexp_replace({{ text }}, {{ blank_characters("[", "]+") }}, ' ')
{%- endmacro %}
