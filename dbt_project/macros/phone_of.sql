{#- related linking: the last ten digits of a telephone number; null if it has fewer. -#}
{% macro phone_of(text) -%}
    case when length({{ digits_of(text) }}) >= 10 then right({{ digits_of(text) }}, 10) end
{%- endmacro %}
