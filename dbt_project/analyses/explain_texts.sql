-- the account's notes and AI texts up to the run's instant (D37)
with

notes as (

    select * from {{ ref('stg_platform__note') }}

),

summaries as (

    select * from {{ ref('stg_platform__ai_summary') }}

),

opportunities as (

    select * from {{ ref('stg_platform__ai_expansion_opportunities') }}

),

texts as (

    select
        'note' as kind,
        note_id as text_id,
        created_at,
        body,
        cast(null as {{ text_type() }}) as readiness_level,
        cast(null as {{ text_type() }}) as churn_risk_summary

    from notes
    where {{ is_explained_customer('notes') }}

    union all

    select
        summary_kind as kind,
        summary_id as text_id,
        created_at,
        summary as body,
        cast(null as {{ text_type() }}) as readiness_level,
        cast(null as {{ text_type() }}) as churn_risk_summary

    from summaries
    where {{ is_explained_customer('summaries') }}

    union all

    select
        'expansion' as kind,
        opportunity_id as text_id,
        created_at,
        expansion_summary as body,
        readiness_level,
        churn_risk_summary

    from opportunities
    where {{ is_explained_customer('opportunities') }}

)

select * from texts
where created_at <= {{ as_of() }}
