{#- A text without blanks (line breaks and tabs too) at its ends. -#}
{% macro trim_text(text) -%}
    {{ return(adapter.dispatch("trim_text")(text)) }}
{%- endmacro %}

{% macro default__trim_text(text) -%}
    trim(both {{ blank_characters() }} from {{ text }})
{%- endmacro %}

{#- DuckDB's trim parses the list of blanks again for each text, which takes six times as long as one expression. -#}
{% macro duckdb__trim_text(text) -%}
    regexp_replace({{ text }}, {{ blank_characters("^[", "]+") }} || '|' || {{ blank_characters("[", "]+$") }}, '', 'g')
{%- endmacro %}
