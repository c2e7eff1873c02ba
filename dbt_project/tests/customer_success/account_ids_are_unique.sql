-- D24: a row here is an id that two accounts of one organization share, for example when the id made for a CRM-only
-- account equals another one. Rows of exports that refer to an account would be ambiguous.
{%- set keys = {
    'account_core': ['account_id'],
    'account_communication_stats': ['account_id'],
    'insight_snapshot': ['account_id', 'insight_type'],
    'lifecycle_event_history': ['event_id'],
} %}
{%- for model, columns in keys.items() %}
select
    '{{ model }}' as model,
    organization_id,
    {% for column in columns -%}
    cast({{ column }} as {{ text_type() }}){{ " || ' ' || " if not loop.last }}
    {%- endfor %} as duplicate_key
from {{ ref(model) }}
group by organization_id, {{ columns | join(', ') }}
having count(*) > 1
{{ "union all" if not loop.last }}
{%- endfor %}
