-- Every mart of accounts, renewals and the run has one row per key. A row here is a duplicate key.
{%- set keys = {
    'accounts': ['id'],
    'estimates': ['id'],
    'account_revenue_by_year': ['account_id', 'year'],
    'at_risk_accounts': ['account_id'],
    'duplicate_at_risk_estimates': ['id'],
    'run_metrics': ['as_of', 'metric', 'dimension'],
} %}
{%- for model, columns in keys.items() %}
select
    '{{ model }}' as model,
    {% for column in columns -%}
    cast({{ column }} as {{ text_type() }}){{ " || ' ' || " if not loop.last }}
    {%- endfor %} as duplicate_key
from {{ ref(model) }}
group by {{ columns | join(', ') }}
having count(*) > 1
{{ "union all" if not loop.last }}
{%- endfor %}
