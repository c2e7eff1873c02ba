{#-
  dbt's own macro for the rows of a seed, for Spark: dbt-spark's binds values without escaping quotes, and numbers as
  floats. Seeds are small, so their rows are literals of one statement.
-#}
{% macro spark__load_csv_rows(model, agate_table) -%}
    {%- set types = model["config"].get("column_types", {}) -%}
    {%- set kinds = [] -%}
    {%- for name in agate_table.column_names -%}
        {%- do kinds.append(types.get(name, adapter.convert_type(agate_table, loop.index0))) -%}
    {%- endfor -%}
    {%- set rows = [] -%}
    {%- for row in agate_table.rows -%}
        {%- set cells = [] -%}
        {%- for cell in row -%}
            {%- do cells.append("cast(" ~ (text_literal(cell) if cell is not none else "null") ~ " as " ~ kinds[loop.index0] ~ ")") -%}
        {%- endfor -%}
        {%- do rows.append("(" ~ cells | join(", ") ~ ")") -%}
    {%- endfor -%}
    {%- set sql = "insert into " ~ this ~ " values\n" ~ rows | join(",\n") -%}
    {%- if rows -%}
        {%- do adapter.add_query(sql, auto_begin=false) -%}
    {%- endif -%}
    {{ return(sql) }}
{%- endmacro %}
