-- What was won and lost, by month and division?
-- Asked by: the head of sales, every month
-- Columns:
--   month: the first day of the month in which the estimate was closed, else written; null without a date
--   division: the division; Uncategorized without one
--   won: how many estimates were won
--   won_value: their prices, US dollars
--   lost: how many were lost
--   lost_value: their prices, US dollars
--   win_rate: won of won and lost, percent, one decimal
with

decided as (

    select
        cast(date_trunc('month', coalesce(estimate_close_date, estimate_date, created_date)) as date) as month,
        coalesce(nullif(trim(division), ''), 'Uncategorized') as division,
        outcome,
        price_used

    from estimates
    where not archived and outcome in ('won', 'lost')

),

counted as (

    select
        month,
        division,
        count(*) filter (where outcome = 'won') as won,
        coalesce(sum(price_used) filter (where outcome = 'won'), 0) as won_value,
        count(*) filter (where outcome = 'lost') as lost,
        coalesce(sum(price_used) filter (where outcome = 'lost'), 0) as lost_value

    from decided
    group by month, division

)

select
    month,
    division,
    won,
    won_value,
    lost,
    lost_value,
    -- tenths of a percent, half up, in whole numbers
    cast(
        cast(floor((2000 * won + won + lost) / cast(2 * (won + lost) as numeric(18, 6))) as integer) * 0.1
        as numeric(4, 1)
    ) as win_rate

from counted
order by month desc nulls last, division collate "C"
