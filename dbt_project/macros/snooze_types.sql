{#- D18: the types of notification whose snoozes count, as literals for `in ( )`. -#}
{% macro snooze_types() -%}
    {% for type in var("snooze_types") %}{{ text_literal(type) }}{{ ", " if not loop.last }}{% endfor %}
{%- endmacro %}
