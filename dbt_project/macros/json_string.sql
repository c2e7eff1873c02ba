{#-
  A text as a JSON string with its quotes; null gives the text null. Escaped: the quote, the backslash, \b \f \n \r \t, and
  the other control characters as \u00xx in lower case. Nothing else is escaped, neither / nor characters beyond ASCII.
-#}
{% macro json_string(text) -%}
    {{ return(adapter.dispatch("json_string")(text)) }}
{%- endmacro %}

{% macro default__json_string(text) -%}
    {%- set ns = namespace(sql="replace(" ~ text ~ ", '\\', '\\\\')") -%}
    {%- for plain, escaped in json_escapes() -%}
        {%- set ns.sql = "replace(" ~ ns.sql ~ ", " ~ plain ~ ", '" ~ escaped ~ "')" -%}
    {%- endfor -%}
    (case
        when {{ text }} is null then 'null'
        when regexp_matches({{ text }}, '[\x00-\x1f"\\]') then '"' || {{ ns.sql }} || '"'
        else '"' || {{ text }} || '"'
    end)
{%- endmacro %}

{#- Postgres writes exactly this. -#}
{% macro postgres__json_string(text) -%}
    coalesce(cast(to_json(cast({{ text }} as text)) as text), 'null')
{%- endmacro %}

{#- As the default; in Spark's literals a backslash is doubled. -#}
{% macro spark__json_string(text) -%}
    {%- set ns = namespace(sql="replace(" ~ text ~ ", '\\\\', '\\\\\\\\')") -%}
    {%- for plain, escaped in json_escapes() -%}
        {%- set ns.sql = "replace(" ~ ns.sql ~ ", " ~ plain ~ ", '" ~ escaped | replace("\\", "\\\\") ~ "')" -%}
    {%- endfor -%}
    (case
        when {{ text }} is null then 'null'
        when {{ text }} rlike '[\\x00-\\x1f"\\\\]' then '"' || {{ ns.sql }} || '"'
        else '"' || {{ text }} || '"'
    end)
{%- endmacro %}
