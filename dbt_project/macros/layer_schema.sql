{#- The schema that a layer is built in. -#}
{% macro layer_schema(layer) -%}
    {{ return(adapter.dispatch("layer_schema")(layer)) }}
{%- endmacro %}

{% macro default__layer_schema(layer) -%}
    {{ layer }}
{%- endmacro %}

{#- Readers use `marts` during a run: it builds in another schema, and the engine fills `marts` when it commits. -#}
{% macro postgres__layer_schema(layer) -%}
    {{ "marts_build" if layer == "marts" else layer }}
{%- endmacro %}
