{#- D39: a computed figure where its column of so many digits before the point holds it, else null; then
    unheld_figures holds the organization's drop back. -#}
{% macro held_figure(figure, digits) -%}
    case when abs({{ figure }}) < 1{{ '0' * digits }} then {{ figure }} end
{%- endmacro %}
