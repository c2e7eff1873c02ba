{#- Layers are schemas by their own names (staging, intermediate, marts), not prefixed with the target's. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ layer_schema(custom_schema_name) if custom_schema_name is not none else target.schema }}
{%- endmacro %}
