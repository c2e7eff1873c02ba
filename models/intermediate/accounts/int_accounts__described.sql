{{ config(materialized='table') }}

with

accounts as (

    select * from {{ ref('int_accounts__combined') }}

),

revenue as (

    select * from {{ ref('int_revenue__by_year') }}

),

estimates as (

    select * from {{ ref('int_estimates__dated') }}

),

decided as (

    select * from {{ ref('int_estimates__decided_by_year') }}

),

contacts as (

    select * from {{ ref('int_accounts__contacts') }}

),

scorecards as (

    select * from {{ ref('stg_crm__scorecards') }}

),

by_year as (

    -- contracts revenue_by_year, segment_by_year: a year without a won estimate is absent (D9)
    select
        account_id,
        '{' || {{ ordered_concat(
            "'\"' || cast(year as " ~ text_type() ~ ") || '\":' || cast(revenue as " ~ text_type() ~ ")", ',', 'year'
        ) }} || '}' as revenue_by_year,
        '{' || {{ ordered_concat(
            "'\"' || cast(year as " ~ text_type() ~ ") || '\":\"' || segment || '\"'", ',', 'year'
        ) }} || '}' as segment_by_year

    from revenue
    group by account_id

),

decided_by_year as (

    -- win_loss total_estimates_by_year: a year without a won or lost estimate is absent
    select
        account_id,
        '{' || {{ ordered_concat(
            "'\"' || cast(year as " ~ text_type() ~ ") || '\":' || cast(estimates_count as " ~ text_type() ~ ")", ',', 'year'
        ) }} || '}' as total_estimates_by_year

    from decided
    group by account_id

),

selected_year as (

    -- D14, accounts R37 to R39: every figure uses the same selected year
    select * from revenue
    where year = {{ selected_year() }}

),

people as (

    -- accounts R29: of all estimates of the account, won or not, archived or not
    select
        account_id,
        'salesperson' as part,
        {{ trim_text('salesperson') }} as name

    from estimates
    where not {{ is_blank('salesperson') }}

    union

    select
        account_id,
        'estimator' as part,
        {{ trim_text('estimator') }} as name

    from estimates
    where not {{ is_blank('estimator') }}

),

salespeople as (

    select
        account_id,
        '[' || {{ ordered_concat(json_string('name'), ',', text_order('name')) }} || ']' as names

    from people
    where part = 'salesperson'
    group by account_id

),

estimators as (

    select
        account_id,
        '[' || {{ ordered_concat(json_string('name'), ',', text_order('name')) }} || ']' as names

    from people
    where part = 'estimator'
    group by account_id

),

with_contacts as (

    select distinct account_id from contacts

),

with_scorecards as (

    -- accounts R33; D2: a scorecard completed after as_of is not completed yet
    select distinct account_id from scorecards
    where completed_date <= {{ as_of() }}

),

described as (

    select
        accounts.*,

        -- the years; accounts R17
        coalesce(selected_year.segment, '{{ without_revenue("segment") }}') as revenue_segment,
        coalesce(by_year.segment_by_year, '{}') as segment_by_year,
        coalesce(selected_year.revenue, {{ without_revenue("revenue") }}) as annual_revenue,
        coalesce(by_year.revenue_by_year, '{}') as revenue_by_year,
        coalesce(decided_by_year.total_estimates_by_year, '{}') as total_estimates_by_year,

        -- for the filters and sort orders of the accounts page; accounts R28, D16
        coalesce({{ fold_text('accounts.account_type') }} in ('customer', 'client'), false)
        or {{ json_array_has('accounts.tags', 'customer') }}
        or {{ json_array_has('accounts.tags', 'client') }} as is_customer,
        coalesce({{ fold_text('accounts.account_type') }} in ('prospect', 'lead'), false)
        or {{ json_array_has('accounts.tags', 'prospect') }}
        or {{ json_array_has('accounts.tags', 'lead') }} as is_prospect,
        -- accounts R35, R36
        with_contacts.account_id is not null as has_contacts,
        with_scorecards.account_id is not null as has_completed_scorecard,
        coalesce(salespeople.names, '[]') as salespeople,
        coalesce(estimators.names, '[]') as estimators,
        -- D2: an interaction after as_of has not happened yet
        case
            when accounts.last_interaction_date <= {{ as_of() }}
                then {{ days_between('accounts.last_interaction_date', today()) }}
        end as days_since_last_interaction

    from accounts
    left join by_year
        on accounts.account_id = by_year.account_id
    left join decided_by_year
        on accounts.account_id = decided_by_year.account_id
    left join selected_year
        on accounts.account_id = selected_year.account_id
    left join salespeople
        on accounts.account_id = salespeople.account_id
    left join estimators
        on accounts.account_id = estimators.account_id
    left join with_contacts
        on accounts.account_id = with_contacts.account_id
    left join with_scorecards
        on accounts.account_id = with_scorecards.account_id

)

select * from described
