{#- Each layer is a schema of that name (staging, intermediate, marts), without the target's prefix. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ layer_schema(custom_schema_name) if custom_schema_name is not none else target.schema }}
{%- endmacro %}
