{#- The characters that JSON escapes, but for the backslash, as pairs of an SQL expression and its escape (not SQL). -#}
{% macro json_escapes() -%}
    {%- set short = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r"} -%}
    {%- set pairs = [("'\"'", "\\\"")] -%}
    {%- for code in range(1, 32) -%}
        {%- do pairs.append(("chr(" ~ code ~ ")", short.get(code, "\\u%04x" % code))) -%}
    {%- endfor -%}
    {{ return(pairs) }}
{%- endmacro %}
