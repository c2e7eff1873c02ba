-- D37: the latest note and AI texts of a customer; ties go to the higher id
with

opportunities as (

    select * from {{ ref('stg_platform__ai_expansion_opportunities') }}

),

summaries as (

    select * from {{ ref('stg_platform__ai_summary') }}

),

notes as (

    select * from {{ ref('stg_platform__note') }}

),

ranked_opportunities as (

    select
        *,
        row_number() over (
            partition by organization_id, customer_id
            order by created_at desc nulls last, opportunity_id desc nulls last
        ) as place

    from opportunities
    where created_at <= {{ as_of() }}

),

ranked_summaries as (

    select
        *,
        row_number() over (
            partition by organization_id, customer_id, summary_kind
            order by created_at desc nulls last, summary_id desc nulls last
        ) as place

    from summaries
    where created_at <= {{ as_of() }}

),

ranked_notes as (

    select
        *,
        row_number() over (
            partition by organization_id, customer_id
            order by created_at desc nulls last, note_id desc nulls last
        ) as place

    from notes
    where created_at <= {{ as_of() }}

),

texts as (

    select
        organization_id,
        customer_id,
        'expansion' as kind,
        expansion_summary as body,
        readiness_level,
        churn_risk_summary

    from ranked_opportunities
    where place = 1

    union all

    select
        organization_id,
        customer_id,
        'summary ' || summary_kind as kind,
        summary as body,
        cast(null as {{ text_type() }}) as readiness_level,
        cast(null as {{ text_type() }}) as churn_risk_summary

    from ranked_summaries
    where place = 1

    union all

    select
        organization_id,
        customer_id,
        'note' as kind,
        body,
        cast(null as {{ text_type() }}) as readiness_level,
        cast(null as {{ text_type() }}) as churn_risk_summary

    from ranked_notes
    where place = 1

),

by_customer as (

    select
        organization_id,
        customer_id,

        max(body) filter (where kind = 'note') as last_note,
        max(body) filter (where kind = 'expansion') as ai_expansion_summary,
        max(readiness_level) as expansion_readiness_level,
        max(churn_risk_summary) as ai_churn_risk_summary,
        max(body) filter (where kind = 'summary churn') as ai_churn_analysis,
        max(body) filter (where kind = 'summary account') as ai_account_summary,
        max(body) filter (where kind = 'summary renewal') as ai_renewal_analysis

    from texts
    group by organization_id, customer_id

)

select * from by_customer
