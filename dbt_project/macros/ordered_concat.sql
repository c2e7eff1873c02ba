{#-
  An aggregate: the texts of a group in a given order, with a separator (plain text) between; nulls are skipped, no texts
  give null.
-#}
{% macro ordered_concat(expression, separator, order_by) -%}
    {{ return(adapter.dispatch("ordered_concat")(expression, separator, order_by)) }}
{%- endmacro %}

{% macro default__ordered_concat(expression, separator, order_by) -%}
    string_agg({{ expression }}, {{ text_literal(separator) }} order by {{ order_by }})
{%- endmacro %}

{% macro spark__ordered_concat(expression, separator, order_by) -%}
    listagg({{ expression }}, {{ text_literal(separator) }}) within group (order by {{ order_by }})
{%- endmacro %}
