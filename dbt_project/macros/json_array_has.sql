{#- Whether a compact JSON array of texts holds a value (plain text without quotes or backslashes), in any case; never null. -#}
{% macro json_array_has(json_array, value) -%}
    {%- set needle = '"' ~ value | lower ~ '"' -%}
    {%- set haystack = lower_text(json_array) -%}
    (coalesce({{ starts_with(haystack, "[" ~ needle) }}, false)
        or coalesce(position({{ text_literal("," ~ needle) }} in {{ haystack }}) > 0, false))
{%- endmacro %}
