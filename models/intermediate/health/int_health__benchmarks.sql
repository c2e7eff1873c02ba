{{ config(materialized='table') }}

-- scores benchmark: a customer's measures and the lower median of its peers, in the units of int_health__inputs
with

inputs as (

    select * from {{ ref('int_health__inputs') }}

),

constants as (

    select * from {{ ref('int_health__constants') }}

),

measures as (
{% for measure, target in [
    ('engagement', 'engagement_target * 20000'),
    ('team_response', 'team_response_target_seconds'),
    ('account_response', 'account_response_target_seconds'),
    ('open_items', 'open_items_target * window_days'),
] %}
    select
        organization_id,
        account_id,
        tier_id,
        is_churned,
        '{{ measure }}' as measure,
        {{ measure }} as x,
        {{ target }} as target,
        minimum_peers

    from inputs
    cross join constants
    {{ 'union all' if not loop.last }}
{% endfor %}
),

ranked as (

    select
        organization_id,
        tier_id,
        measure,
        x,
        minimum_peers,
        row_number() over (
            partition by organization_id, measure, tier_id order by x asc nulls last, account_id asc nulls last
        ) as tier_place,
        count(*) over (partition by organization_id, measure, tier_id) as tier_peers,
        row_number() over (
            partition by organization_id, measure order by x asc nulls last, account_id asc nulls last
        ) as organization_place,
        count(*) over (partition by organization_id, measure) as organization_peers

    from measures
    where x is not null and not is_churned

),

-- the lower median: the smallest value that at least half of the values do not exceed
tier_medians as (

    select
        organization_id,
        tier_id,
        measure,
        x as median,
        tier_peers as peers

    from ranked
    where tier_id is not null and tier_peers >= minimum_peers and tier_place = {{ integer_divide('tier_peers + 1', 2) }}

),

organization_medians as (

    select
        organization_id,
        measure,
        x as median,
        organization_peers as peers

    from ranked
    where
        organization_peers >= minimum_peers
        and organization_place = {{ integer_divide('organization_peers + 1', 2) }}

),

benchmarks as (

    select
        measures.organization_id,
        measures.account_id,
        measures.measure,
        measures.x,
        coalesce(tier_medians.median, organization_medians.median, measures.target) as benchmark,
        case
            when tier_medians.median is not null then 'tier'
            when organization_medians.median is not null then 'organization'
            else 'target'
        end as benchmark_basis,
        coalesce(tier_medians.peers, organization_medians.peers) as peers

    from measures
    left join tier_medians
        on
            measures.organization_id = tier_medians.organization_id
            and measures.tier_id = tier_medians.tier_id
            and measures.measure = tier_medians.measure
    left join organization_medians
        on
            measures.organization_id = organization_medians.organization_id
            and measures.measure = organization_medians.measure

)

select * from benchmarks
