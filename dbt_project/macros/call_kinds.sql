{#-
  related stakeholder_fact: the kinds of meeting that are calls, trimmed and in lower case, as literals for `in ( )`;
  without any, no meeting is one.
-#}
{% macro call_kinds() -%}
    {% for kind in var("call_kinds") %}{{ text_literal(kind | trim | lower) }}{{ ", " if not loop.last }}{% else %}null{% endfor %}
{%- endmacro %}
