-- D34: what the time frame's revenue and the efficiency rate are computed from; one row
with

stats as (

    select * from {{ ref('int_communication__account_stats') }}

)

select
    revenue,
    {{ var('effort_window_days') }} as effort_window_days,
    time_frame_revenue,
    team_effort_cost

from stats
where {{ is_explained_customer('stats', 'account_id') }}
