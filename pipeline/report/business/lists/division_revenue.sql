-- What won estimates of accounts bring in each year, by division: a contract's price in equal parts to each of its years.
with

won as (

    select
        coalesce(nullif(trim(division), ''), 'Uncategorized') as division,
        unnest(range(first_year, first_year + coalesce(contract_years, 1))) as year,
        account_id,
        coalesce(contract_years, 1) as years,
        cast(price_used * 100 as hugeint) as cents

    from estimates
    where
        is_won
        and account_id is not null
        and (getvariable('revenue_includes_archived_estimates') or not archived)
        and not (getvariable('revenue_honours_exclude_stats') and exclude_stats)

),

-- exact up to the division: a billionth of a cent is cut from what contracts of as many years bring
by_years as (

    select
        year,
        division,
        years,
        count(*) as contracts,
        sum(cents) * 1000000000 // years as parts

    from won
    group by year, division, years

),

accounts_of_year as (

    select
        year,
        division,
        count(distinct account_id) as accounts

    from won
    group by year, division

)

select
    by_years.year,
    by_years.division,
    cast(sum(by_years.contracts) as bigint) as contracts,
    min(accounts_of_year.accounts) as accounts,
    cast((sum(by_years.parts) + sign(sum(by_years.parts)) * 500000000) // 1000000000 as decimal(18, 0)) * 0.01 as revenue

from by_years
inner join accounts_of_year
    on by_years.year = accounts_of_year.year and by_years.division = accounts_of_year.division
group by by_years.year, by_years.division
order by by_years.year desc, revenue desc, by_years.division collate "C"
