{%- set date_columns = [
    'estimate_date', 'estimate_close_date', 'contract_start', 'contract_end', 'proposal_first_shared',
    'proposal_last_shared', 'proposal_last_updated', 'created_date',
] -%}
{%- set year_bases = [
    'contract_term', 'contract_end', 'contract_start', 'estimate_date', 'created_date', 'selected_year',
] -%}
{%- set kinds = {'won': 'is_won', 'not won': 'not is_won'} -%}
{%- set metrics = [] -%}
{%- for kind, is_kind in kinds.items() -%}
    {%- do metrics.append(('estimates', kind, 'count(*) filter (where ' ~ is_kind ~ ')')) -%}
    {%- for flag in ['price_fallback', 'is_duration_typo', 'reversed_dates', 'archived', 'exclude_stats'] -%}
        {%- do metrics.append((
            'estimates_' ~ flag | replace('is_', ''), kind, 'count(*) filter (where ' ~ is_kind ~ ' and ' ~ flag ~ ')'
        )) -%}
    {%- endfor -%}
    {#- D11 -#}
    {%- do metrics.append((
        'estimates_unlinked', kind, 'count(*) filter (where ' ~ is_kind ~ ' and account_id is null)'
    )) -%}
    {%- do metrics.append((
        'estimates_unlinked_amount', kind,
        'coalesce(sum(price_used) filter (where ' ~ is_kind ~ ' and account_id is null), 0)'
    )) -%}
    {#- lmn-format: a date column that was lost in the import shows up here -#}
    {%- for column in date_columns -%}
        {%- do metrics.append((
            'estimates_date_null_rate', column ~ ', ' ~ kind,
            round_half_up(
                'count(*) filter (where ' ~ is_kind ~ ' and ' ~ column ~ ' is null)',
                'count(*) filter (where ' ~ is_kind ~ ')', 6
            )
        )) -%}
    {%- endfor -%}
{%- endfor -%}
{%- for method in ['account_id', 'lmn_crm_id', 'lmn_contact_id', 'email', 'phone', 'crm_tags', 'none'] -%}
    {%- do metrics.append((
        'estimates_by_link_method', method, "count(*) filter (where link_method = '" ~ method ~ "')"
    )) -%}
{%- endfor -%}
{%- for basis in year_bases -%}
    {%- do metrics.append((
        'won_estimates_by_year_basis', basis, "count(*) filter (where is_won and year_basis = '" ~ basis ~ "')"
    )) -%}
{%- endfor -%}
{%- do metrics.append((
    'unknown_account_references', 'crm.estimates',
    "count(*) filter (where stated_account_id is not null and link_method <> 'account_id')"
)) -%}

with

counted as (

    select
        {% for metric, dimension, expression in metrics -%}
        {{ expression }} as metric_{{ loop.index }}{{ "," if not loop.last }}
        {% endfor %}
    from {{ ref('estimates') }}

),

named as (

    {% for metric, dimension, _ in metrics -%}
    select
        {{ loop.index }} as place,
        '{{ metric }}' as metric,
        '{{ dimension }}' as dimension
    {{ "union all" if not loop.last }}
    {% endfor %}

),

listed as (

    -- one cross join instead of a select per metric, for each of which Spark would count the estimates again
    select
        named.metric,
        named.dimension,
        case named.place
            {% for metric in metrics -%}
            when {{ loop.index }} then cast(counted.metric_{{ loop.index }} as numeric(24, 6))
            {% endfor %}
        end as value

    from named
    cross join counted

)

-- a rate over no rows is null and left out
select * from listed
where value is not null
