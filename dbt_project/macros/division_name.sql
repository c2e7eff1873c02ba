{#- win_loss divisions: the division as written, trimmed; a blank one is Uncategorized. -#}
{% macro division_name(division) -%}
    case when {{ is_blank(division) }} then 'Uncategorized' else {{ trim_text(division) }} end
{%- endmacro %}
