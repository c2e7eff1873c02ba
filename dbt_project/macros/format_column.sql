{#-
  dbt's own macro for how a contract's check names the type of a column, but for length and precision, which the
  tables don't have (see get_table_columns_and_constraints) and the audit of the staged files checks.
-#}
{% macro default__format_column(column) -%}
    {%- set data_type = column.dtype.split("(")[0] -%}
    {{ return({"name": column.name, "data_type": data_type, "formatted": column.column.lower() ~ " " ~ data_type}) }}
{%- endmacro %}
