{#-
  dbt's own macro for the types that a contract names, for Spark: its text is string, of whatever length. dbt compares
  them with the types that the model's query gives.
-#}
{% macro spark__get_empty_schema_sql(columns) -%}
    select
    {%- for column in columns.values() %}
        {%- set kind = text_type() if column["data_type"].startswith(("text", "varchar")) else column["data_type"] %}
        cast(null as {{ kind }}) as {{ column["name"] }}{{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}
