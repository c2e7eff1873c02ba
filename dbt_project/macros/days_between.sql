{#- D19: the days from one UTC date to another, negative when the end is earlier, as an integer. -#}
{% macro days_between(start_date, end_date) -%}
    {{ return(adapter.dispatch("days_between")(start_date, end_date)) }}
{%- endmacro %}

{% macro default__days_between(start_date, end_date) -%}
    cast((cast({{ end_date }} as date) - cast({{ start_date }} as date)) as integer)
{%- endmacro %}

{#- Spark subtracts dates to an interval. -#}
{% macro spark__days_between(start_date, end_date) -%}
    datediff(cast({{ end_date }} as date), cast({{ start_date }} as date))
{%- endmacro %}
