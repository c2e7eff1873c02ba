with

estimates as (

    select
        account_id,
        first_year,
        coalesce(contract_years, 1) as years

    from {{ ref('int_estimates__dated') }}
    where
        -- win_loss total_estimates_by_year: won and lost estimates
        outcome in ('won', 'lost')
        -- win_loss archived
        and not archived
        and account_id is not null

),

calendar_years as (

    select * from {{ ref('calendar_years') }}

),

one_year as (

    select
        account_id,
        first_year as year

    from estimates
    where years = 1

),

several_years as (

    -- win_loss total_estimates_by_year: a contract counts in each of its years
    select
        estimates.account_id,
        calendar_years.calendar_year as year

    from estimates
    inner join calendar_years
        on
            calendar_years.calendar_year >= estimates.first_year
            and calendar_years.calendar_year < estimates.first_year + estimates.years
    where estimates.years > 1

),

estimate_years as (

    select * from one_year

    union all

    select * from several_years

),

counted as (

    select
        account_id,
        year,
        count(*) as estimates_count

    from estimate_years
    group by account_id, year

)

select * from counted
