{#-
  dbt's own macro for the types that a contract names, for Spark: its text type is string, of any length. dbt compares
  them with the types of the model's query.
-#}
{% macro spark__get_empty_schema_sql(columns) -%}
    select
    {%- for column in columns.values() %}
        {%- set kind = text_type() if column["data_type"].startswith(("text", "varchar")) else column["data_type"] %}
        cast(null as {{ kind }}) as {{ column["name"] }}{{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}
