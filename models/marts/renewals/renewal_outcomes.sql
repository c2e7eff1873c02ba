with

candidates as (

    select * from {{ ref('int_renewals__candidates') }}

),

estimates as (

    select * from {{ ref('int_estimates__dated') }}

),

judged as (

    select
        estimate_id,

        -- at-risk R1, R5, R6a, R7, R8, in the spec's precedence
        case excluded_by
            when 'R1' then 'archived'
            when 'R7' then 'snoozed'
            when 'R6a' then 'past due'
            when 'R8' then 'renewed'
            when 'R5' then 'renewed'
            else 'at risk'
        end as outcome

    from candidates

),

-- at-risk R2, D18: estimates that are no contract because they are archived, or neither won nor lost (win_loss lost)
others as (

    select
        estimate_id,
        case when archived then 'archived' else 'not won' end as outcome

    from estimates
    where
        (is_won and archived)
        or (not archived and outcome = 'pending')

),

final as (

    select * from judged
    union all
    select * from others

)

select * from final
