{#- related linking: the ten last digits of a telephone number; null where it has fewer. -#}
{% macro phone_of(text) -%}
    case when length({{ digits_of(text) }}) >= 10 then right({{ digits_of(text) }}, 10) end
{%- endmacro %}
