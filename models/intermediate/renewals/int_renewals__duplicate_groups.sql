with

at_risk as (

    select * from {{ ref('int_renewals__candidates') }}
    where excluded_by is null

),

groups as (

    -- at-risk R13, D22: two or more at-risk estimates of one account with the same division and address
    select
        account_id,
        division_key as division,
        address_key as address,
        '[' || {{ ordered_concat(json_string('estimate_id'), ',', text_order('estimate_id')) }} || ']' as estimate_ids

    from at_risk
    where has_key
    group by account_id, division_key, address_key
    having count(*) >= 2

)

select * from groups
