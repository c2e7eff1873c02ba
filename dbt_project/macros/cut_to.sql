{#- D39: a source text, cut to what its column holds, by code points; shortened_texts lists what it cuts. -#}
{% macro cut_to(text, longest) -%}
    left({{ text }}, {{ longest }})
{%- endmacro %}
