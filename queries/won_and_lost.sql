-- What was won and lost, by month and division?
-- Asked by: the head of sales, every month
-- Columns:
--   month: the first day of the month in which the estimate was closed, else made; null without a date
--   division: the division; Uncategorized without one
--   won: how many estimates were won
--   won_value: their prices, US dollars
--   lost: how many were lost
--   lost_value: their prices, US dollars
--   win_rate: won of won and lost, percent, one decimal
with

-- related-exports, win_loss: lost starts the status, or is a word in it, or is the pipeline's status
judged as (

    select
        cast(date_trunc('month', coalesce(estimate_close_date, estimate_date, created_date)) as date) as month,
        coalesce(nullif(trim(division), ''), 'Uncategorized') as division,
        is_won,
        not is_won and (
            lower(trim(coalesce(status, ''))) like 'lost%'
            or ' ' || regexp_replace(lower(coalesce(status, '')), '[^a-z0-9]+', ' ', 'g') || ' ' like '% lost %'
            or lower(trim(coalesce(pipeline_status, ''))) = 'lost'
        ) as is_lost,
        price_used

    from estimates
    where not archived

),

counted as (

    select
        month,
        division,
        count(*) filter (where is_won) as won,
        coalesce(sum(price_used) filter (where is_won), 0) as won_value,
        count(*) filter (where is_lost) as lost,
        coalesce(sum(price_used) filter (where is_lost), 0) as lost_value

    from judged
    where is_won or is_lost
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
    cast(cast(floor((2000 * won + won + lost) / cast(2 * (won + lost) as numeric(18, 6))) as integer) * 0.1 as numeric(4, 1))
        as win_rate

from counted
order by month desc nulls last, division collate "C"
