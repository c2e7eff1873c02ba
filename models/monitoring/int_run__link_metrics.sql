-- related linking: how many links each additional method would add to the three of D13, whether it is on or not
{%- set methods = ['email', 'phone', 'crm_tags'] %}

with

estimates as (

    select * from {{ ref('estimates') }}
    where link_method not in ('account_id', 'lmn_crm_id', 'lmn_contact_id')

),

further as (

    select * from {{ ref('int_estimates__further_links') }}

),

counted as (

    select
{% for method in methods %}
        count(further.{{ method }}_account_id) as {{ method }}_estimates,
        coalesce(
            sum(estimates.price_used) filter (
                where estimates.is_won and further.{{ method }}_account_id is not null
            ), 0
        ) as {{ method }}_amount{{ ',' if not loop.last }}
{% endfor %}
    from estimates
    inner join further on estimates.id = further.estimate_id

),

listed as (
{% for method in methods %}
    select
        'estimates_linkable' as metric,
        '{{ method }}' as dimension,
        cast({{ method }}_estimates as numeric(24, 6)) as value

    from counted

    union all

    select
        'estimates_linkable_won_amount' as metric,
        '{{ method }}' as dimension,
        cast({{ method }}_amount as numeric(24, 6)) as value

    from counted
    {{ 'union all' if not loop.last }}
{% endfor %}
)

select * from listed
