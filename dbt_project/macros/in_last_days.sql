{#- D2: whether an instant lies less than so many days of 24 hours before the run's instant, and not after it. -#}
{% macro in_last_days(instant, days) -%}
    ({{ instant }} <= {{ as_of() }} and {{ instant }} > {{ instant_before(days=days) }})
{%- endmacro %}
