{{ config(materialized='table') }}

-- D26, D27: the insights of a customer, one column per type
with

insights as (

    select * from {{ ref('int_customer_success__insights') }}

),

pivoted as (

    select
        organization_id,
        customer_id,

        {% for type in insight_flag_types() -%}
        bool_or(insight_type = '{{ type }}' and is_active) as insight_{{ type }},
        {% endfor %}
        {% for type in lifecycle_event_types() -%}
        max(detected_at) filter (where insight_type = '{{ type }}')
            as lifecycle_event_{{ type }}{{ ',' if not loop.last }}
        {% endfor %}
    from insights
    group by organization_id, customer_id

)

select * from pivoted
