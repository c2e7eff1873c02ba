{#- D39: a computed figure if its column, with so many digits before the point, can hold it, else null. In that case
    unheld_figures lists it, which holds the organization's drop back. -#}
{% macro held_figure(figure, digits) -%}
    case when abs({{ figure }}) < 1{{ '0' * digits }} then {{ figure }} end
{%- endmacro %}
