{#-
  A row for each part of a text between separators, as one column of a select; none of null. The separator is plain text
  without the special characters of regular expressions.
-#}
{% macro split_to_rows(text, separator) -%}
    {{ return(adapter.dispatch("split_to_rows")(text, separator)) }}
{%- endmacro %}

{% macro default__split_to_rows(text, separator) -%}
    unnest(string_split({{ text }}, '{{ separator }}'))
{%- endmacro %}

{#- PostgreSQL returns no row for an empty text. -#}
{% macro postgres__split_to_rows(text, separator) -%}
    unnest(case when {{ text }} = '' then array[''] else string_to_array({{ text }}, '{{ separator }}') end)
{%- endmacro %}

{% macro spark__split_to_rows(text, separator) -%}
    explode(split({{ text }}, '{{ separator }}'))
{%- endmacro %}
