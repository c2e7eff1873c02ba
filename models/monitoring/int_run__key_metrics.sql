-- D17, D25: where the figures of account_core come from, and where the platform and the CRM differ
with

keys as (

    select
        *,
        'organization ' || cast(organization_id as {{ text_type() }}) as organization,
        coalesce(platform_renewal_date, crm_renewal_date, contract_renewal_date) as renewal_date

    from {{ ref('account_keys') }}

),

at_risk as (

    select * from {{ ref('at_risk_accounts') }}

),

{% for column in ['link_method', 'revenue_source', 'renewal_date_source', 'status_source'] -%}
by_{{ column }} as (

    select
        'accounts_by_{{ column }}' as metric,
        organization || ', ' || {{ column }} as dimension,
        count(*) as value

    from keys
    group by organization, {{ column }}

),

{% endfor -%}
compared as (

    select
        organization,
        count(*) filter (where customers_on_crm_account > 1) as sharing,
        count(*) filter (where platform_revenue is not null and crm_revenue is not null) as with_two_revenues,
        count(*) filter (where platform_revenue <> crm_revenue) as with_other_revenue,
        count(*) filter (where renewal_dates_agree is not null) as with_two_dates,
        count(*) filter (where not renewal_dates_agree) as with_other_date

    from keys
    group by organization

),

-- the two lists of renewals due within at_risk_days: by account_core's dates, and by contracts
due as (

    select
        keys.organization,
        at_risk.account_id is not null as is_at_risk,
        coalesce(
            {{ days_between(today(), 'keys.renewal_date') }} between 0 and {{ var('at_risk_days') }}, false
        ) as is_due

    from keys
    left join at_risk on keys.crm_account_id = at_risk.account_id
    where keys.organization_id = {{ var('crm_organization_id') }}

),

listed as (

    {% for column in ['link_method', 'revenue_source', 'renewal_date_source', 'status_source'] -%}
    select * from by_{{ column }}
    union all
    {% endfor -%}
    {% for metric, column in [
        ('customers_on_a_shared_crm_account', 'sharing'),
        ('accounts_with_two_revenues', 'with_two_revenues'),
        ('accounts_whose_revenues_differ', 'with_other_revenue'),
        ('accounts_with_several_renewal_dates', 'with_two_dates'),
        ('accounts_whose_renewal_dates_differ', 'with_other_date'),
    ] -%}
    select '{{ metric }}' as metric, organization as dimension, {{ column }} as value from compared
    union all
    {% endfor -%}
    {% for place, condition in [
        ('in both', 'is_at_risk and is_due'),
        ('at_risk_accounts only', 'is_at_risk and not is_due'),
        ('account_core only', 'is_due and not is_at_risk'),
    ] -%}
    select
        'accounts_to_renew' as metric,
        organization || ', {{ place }}' as dimension,
        count(*) filter (where {{ condition }}) as value
    from due
    group by organization
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

typed as (

    select
        metric,
        dimension,
        cast(value as numeric(24, 6)) as value

    from listed

)

select * from typed
