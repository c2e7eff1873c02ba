{#-
  The characters that count as blank, as one text between `before` and `after`: those of JavaScript's trim and \s, which
  the at-risk spec's normalisation names. Characters beyond ASCII are written literally, because the engines' escapes
  differ.
-#}
{% macro blank_characters(before="", after="") -%}
    {%- set spaces = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"
        ~ "\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff" -%}
    ('{{ before }}' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || '{{ spaces ~ after }}')
{%- endmacro %}
