{#-
  dbt's own macro for the type of a column in a contract check, without length and precision: the tables don't have them
  (see get_table_columns_and_constraints), and the audit of the staged files checks them.
-#}
{% macro default__format_column(column) -%}
    {%- set data_type = column.dtype.split("(")[0] -%}
    {{ return({"name": column.name, "data_type": data_type, "formatted": column.column.lower() ~ " " ~ data_type}) }}
{%- endmacro %}
