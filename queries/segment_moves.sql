-- Which accounts changed segment since last year, and why?
-- Asked by: analysts and the sales team, for the year's plan
-- Columns:
--   account_id: the account in the CRM
--   account_name: its name
--   segment_before: its segment in the previous calendar year; C without revenue
--   segment_now: its segment in the run's calendar year
--   revenue_before: its revenue in the previous year, US dollars
--   revenue_now: its revenue in the run's year, US dollars
--   share_before: its share of all revenue in the previous year; null without a positive total
--   share_now: its share in the run's year
--   why: the reason for the change
with

run as (

    select cast(extract(year from max(extracted_at)) as integer) as year from account_core

),

-- a year without revenue is C
years as (

    select
        accounts.id as account_id,
        accounts.name as account_name,
        coalesce(before.segment, 'C') as segment_before,
        coalesce(now.segment, 'C') as segment_now,
        coalesce(before.revenue, 0) as revenue_before,
        coalesce(now.revenue, 0) as revenue_now,
        before.share as share_before,
        now.share as share_now,
        before.account_id is not null as sold_before,
        now.account_id is not null as sold_now

    from accounts
    cross join run
    left join account_revenue_by_year as before on accounts.id = before.account_id and before.year = run.year - 1
    left join account_revenue_by_year as now on accounts.id = now.account_id and now.year = run.year

)

select
    account_id,
    account_name,
    segment_before,
    segment_now,
    revenue_before,
    revenue_now,
    share_before,
    share_now,
    case
        when not sold_now then 'nothing won this year'
        when not sold_before then 'nothing won last year'
        when segment_now = 'D' then 'projects only this year'
        when segment_before = 'D' then 'projects only last year'
        when share_now > share_before then 'a larger share of the year''s revenue'
        when share_now < share_before then 'a smaller share of the year''s revenue'
        else 'the year''s total is not positive'
    end as why

from years
where segment_before <> segment_now
order by revenue_now desc, revenue_before desc, account_id collate "C"
