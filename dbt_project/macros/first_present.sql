{#-
  The preferred text unless it is null or blank, else the other one, or the preferred text as it is if the other is null.
-#}
{% macro first_present(preferred, other) -%}
    coalesce(case when not {{ is_blank(preferred) }} then {{ preferred }} end, {{ other }}, {{ preferred }})
{%- endmacro %}
