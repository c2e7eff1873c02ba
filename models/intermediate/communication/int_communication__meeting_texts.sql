-- related meeting_summary, D2, D37: the latest summary of each meeting; ties go to the higher id
with

summaries as (

    select * from {{ ref('stg_platform__ai_summary') }}

),

ranked as (

    select
        organization_id,
        customer_id,
        event_id,
        summary,
        row_number() over (
            partition by organization_id, customer_id, event_id
            order by created_at desc nulls last, summary_id desc nulls last
        ) as place

    from summaries
    where event_id is not null and created_at <= {{ as_of() }}

),

texts as (

    select
        organization_id,
        customer_id,
        event_id,
        summary

    from ranked
    where place = 1

)

select * from texts
