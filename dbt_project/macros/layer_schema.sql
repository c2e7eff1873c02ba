{#- The schema that a layer is built in. -#}
{% macro layer_schema(layer) -%}
    {{ return(adapter.dispatch("layer_schema")(layer)) }}
{%- endmacro %}

{% macro default__layer_schema(layer) -%}
    {{ layer }}
{%- endmacro %}

{#- People read `marts` while a run goes on: it builds beside them, and the engine fills theirs when the run commits. -#}
{% macro postgres__layer_schema(layer) -%}
    {{ "marts_build" if layer == "marts" else layer }}
{%- endmacro %}
