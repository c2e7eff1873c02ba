{#- D2: whether an instant lies in so many days of 24 hours up to the run's: not after it, and less than that before. -#}
{% macro in_last_days(instant, days) -%}
    ({{ instant }} <= {{ as_of() }} and {{ instant }} > {{ instant_before(days=days) }})
{%- endmacro %}
