{#-
  D1: the run's instant as a Python datetime in UTC, for the macros that compute a literal from it (not SQL).
  While dbt only parses, the epoch replaces it; a run without an instant stops.
-#}
{% macro as_of_datetime() -%}
    {%- set given = var("as_of", none) -%}
    {%- if given is none and execute and flags.WHICH not in ("parse", "list", "docs", "generate", "compile") -%}
        {{ exceptions.raise_compiler_error(
            "the var as_of is not set: give the run's instant as 'YYYY-MM-DD HH:MM:SS' in UTC"
        ) }}
    {%- endif -%}
    {%- set text = (given or "1970-01-01 00:00:00") | string -%}
    {{ return(modules.datetime.datetime.fromisoformat(text.replace("Z", "")).replace(tzinfo=none)) }}
{%- endmacro %}
