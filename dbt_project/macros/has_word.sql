{#-
  Whether a text in lower case contains a word, which is given as plain text: has_word('status', 'lost') is true of
  'estimate lost' and 'closed/lost', not of 'lostage'. Words are runs of ASCII letters and digits. Null of null.
-#}
{% macro has_word(text, word) -%}
    {{ return(adapter.dispatch("has_word")(text, word)) }}
{%- endmacro %}

{% macro default__has_word(text, word) -%}
    regexp_matches({{ text }}, '(^|[^a-z0-9]){{ word }}([^a-z0-9]|$)')
{%- endmacro %}

{% macro postgres__has_word(text, word) -%}
    {{ text }} ~ '(^|[^a-z0-9]){{ word }}([^a-z0-9]|$)'
{%- endmacro %}

{% macro spark__has_word(text, word) -%}
    {{ text }} rlike '(^|[^a-z0-9]){{ word }}([^a-z0-9]|$)'
{%- endmacro %}
