with

candidates as (

    select * from {{ ref('int_renewals__candidates') }}

),

final as (

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

)

select * from final
