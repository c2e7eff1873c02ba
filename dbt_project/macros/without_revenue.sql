{#-
  accounts R17, D14: the `segment` or the `revenue` of an account in a year without revenue, which has no row in
  account_revenue_by_year.
-#}
{% macro without_revenue(figure) -%}
    {{ return({"segment": "C", "revenue": "cast(0 as numeric(18, 2))"}[figure]) }}
{%- endmacro %}
