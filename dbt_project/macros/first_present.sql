{#- The preferred text unless it is null or blank, else the other one, else the preferred as it is. -#}
{% macro first_present(preferred, other) -%}
    coalesce(case when not {{ is_blank(preferred) }} then {{ preferred }} end, {{ other }}, {{ preferred }})
{%- endmacro %}
