{#- D39: a source text, cut to the length of its column in code points; shortened_texts lists every cut. -#}
{% macro cut_to(text, longest) -%}
    left({{ text }}, {{ longest }})
{%- endmacro %}
