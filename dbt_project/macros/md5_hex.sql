{#- The md5 of a text's UTF-8 bytes, as 32 lower-case hexadecimal digits. -#}
{% macro md5_hex(text) -%}
    md5(cast({{ text }} as {{ text_type() }}))
{%- endmacro %}
