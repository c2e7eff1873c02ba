{#- D28: the average of a side's answers in a relation of answers_by_customer, in hours; null without an answer. -#}
{% macro average_answer_hours(relation, side) -%}
    {{ round_half_up(relation ~ "." ~ side ~ "_answer_seconds", "3600 * " ~ relation ~ "." ~ side ~ "_answers", 2) }}
{%- endmacro %}
