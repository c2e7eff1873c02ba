-- D26, D27: a row here is a type with its position among the columns of account_core that only one side has: the seed
-- insight_types, or the macros that name those columns.
with

seeded as (

    select
        'flag' as kind,
        insight_type,
        flag_position as position

    from {{ ref('insight_types') }}
    where flag_position is not null

    union all

    select
        'lifecycle' as kind,
        insight_type,
        lifecycle_position as position

    from {{ ref('insight_types') }}
    where lifecycle_position is not null

),

named as (

    {% for kind, types in [('flag', insight_flag_types()), ('lifecycle', lifecycle_event_types())] -%}
    {% set outer = loop -%}
    {% for type in types -%}
    select
        '{{ kind }}' as kind,
        '{{ type }}' as insight_type,
        {{ loop.index }} as position
    {{ 'union all' if not (loop.last and outer.last) }}
    {% endfor -%}
    {% endfor %}
)

select
    coalesce(seeded.kind, named.kind) as kind,
    coalesce(seeded.insight_type, named.insight_type) as insight_type,
    seeded.position as seeded_position,
    named.position as named_position

from seeded
full outer join named
    on
        seeded.kind = named.kind
        and seeded.insight_type = named.insight_type
        and seeded.position = named.position
where seeded.kind is null or named.kind is null
