-- the latest instant of each table of the account's organization (D3)
{% for instant in data_instants() -%}
select
    '{{ instant.model.removeprefix("stg_").replace("__", ".") }}' as source_table,
    '{{ instant.column }}' as source_column,
    max({{ instant.column }}) as latest_at

from {{ ref(instant.model) }}
where
    {{ instant.column }} <= {{ as_of() }}
    and {{ var('crm_organization_id') if instant.is_crm else 'organization_id' }} = {{ var('explain_organization_id', 0) }}
having max({{ instant.column }}) is not null
{{ 'union all' if not loop.last }}
{% endfor %}
