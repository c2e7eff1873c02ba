{#-
  dbt's own macro for the columns of a table with a contract, without length and precision: a value that is too long or
  too wide must reach the audit, which names the row, instead of stopping the engine, which doesn't.
-#}
{% macro default__get_table_columns_and_constraints() -%}
    {%- set columns = {} -%}
    {%- for name, column in model["columns"].items() -%}
        {%- set data_type = column["data_type"] -%}
        {%- if data_type.startswith("varchar(") -%}
            {%- set data_type = text_type() -%}
        {%- elif data_type.startswith("numeric(") -%}
            {%- set data_type = "numeric(38, " ~ data_type.rstrip(")").split(",")[1] | trim ~ ")" -%}
        {%- endif -%}
        {%- do columns.update({name: dict(column, data_type=data_type)}) -%}
    {%- endfor -%}
    ({{ adapter.render_raw_columns_constraints(raw_columns=columns) | join(", ") }})
{%- endmacro %}
