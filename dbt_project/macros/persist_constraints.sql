{#-
  dbt's own macro for the constraints of a contract, for Spark: its Parquet tables cannot have any. So the rows of a new
  table are checked instead, and a null in a column that is not nullable is an error, as on the other engines.
-#}
{% macro spark__persist_constraints(relation, model) -%}
    {%- set required = [] -%}
    {%- for column in model.columns.values() -%}
        {%- if column.constraints | selectattr("type", "equalto", "not_null") | list -%}
            {%- do required.append(column.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if config.get("contract").enforced and required -%}
        {%- set counts -%}
            select
            {%- for name in required %}
                count(*) - count({{ name }}) as {{ name }}{{ "," if not loop.last }}
            {%- endfor %}
            from {{ relation }}
        {%- endset -%}
        {%- set missing = run_query(counts).rows[0] -%}
        {%- for name in required -%}
            {%- if missing[loop.index0] > 0 -%}
                {%- do exceptions.raise_database_error(
                    "null in " ~ missing[loop.index0] ~ " rows of the column " ~ name ~ ", which the contract says is not null"
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
