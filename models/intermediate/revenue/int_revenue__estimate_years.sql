with

estimates as (

    select * from {{ ref('int_estimates__dated') }}

),

calendar_years as (

    select * from {{ ref('calendar_years') }}

),

counted as (

    select
        estimate_id,
        account_id,
        first_year,
        -- D8: a price is divided only when both dates of the contract are valid
        coalesce(contract_years, 1) as shares,
        cast(price_used * 100 as bigint) as price_cents,
        {{ fold_text('estimate_type') }} as estimate_type,
        {{ division_name('division') }} as division

    from estimates
    where
        -- accounts R5
        is_won
        -- D11: an estimate without an account counts in no account and no total
        and account_id is not null
        {% if not var('revenue_includes_archived_estimates') -%}
        -- D10
        and not archived
        {% endif -%}
        {% if var('revenue_honours_exclude_stats') -%}
        -- D10
        and not exclude_stats
        {% endif %}

),

one_year as (

    select
        estimate_id,
        account_id,
        first_year as revenue_year,
        shares,
        price_cents,
        estimate_type,
        division

    from counted
    where shares = 1

),

several_years as (

    -- accounts R10, D8: one share for each year from the start year on
    select
        counted.estimate_id,
        counted.account_id,
        calendar_years.calendar_year as revenue_year,
        counted.shares,
        counted.price_cents,
        counted.estimate_type,
        counted.division

    from counted
    inner join calendar_years
        on
            calendar_years.calendar_year >= counted.first_year
            and calendar_years.calendar_year < counted.first_year + counted.shares
    where counted.shares > 1

),

estimate_years as (

    select * from one_year

    union all

    select * from several_years

)

select * from estimate_years
