{#-
  D2: whether an event counts: not after the run's instant and, when the var `communication_window_days` is set, within
  that many days before it.
-#}
{% macro in_communication_window(instant) -%}
    {%- set days = var("communication_window_days") -%}
    {%- if days is none -%}
    ({{ instant }} <= {{ as_of() }})
    {%- else -%}
    {{ in_last_days(instant, days) }}
    {%- endif -%}
{%- endmacro %}
