{#- scores labels: the label of a published score, by the limits in `constants`; null stays null. -#}
{% macro score_label(score, constants) -%}
    case
        when {{ score }} <= {{ constants }}.label_red_up_to then 'Red'
        when {{ score }} <= {{ constants }}.label_yellow_up_to then 'Yellow'
        when {{ score }} is not null then 'Green'
    end
{%- endmacro %}
