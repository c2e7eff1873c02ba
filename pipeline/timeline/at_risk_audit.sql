with

-- at-risk R32: each row of the list with the values of the account's row at the previous instant
steps as (

    select
        listed.*,
        lag(position) over account_rows as previous_position,
        lag(estimate_id) over account_rows as previous_estimate_id,
        lag(renewal_date) over account_rows as previous_renewal_date,
        lag(estimate_value) over account_rows as previous_estimate_value

    from listed
    window account_rows as (partition by organization_id, account_id, episode order by position)

),

entered_or_changed as (

    select
        organization_id,
        account_id,
        as_of,
        case when previous_position is null then 'listed' else 'changed' end as event,
        null as reason,
        platform_account_id,
        account_name,
        estimate_id,
        estimate_number,
        renewal_date,
        days_until_renewal,
        estimate_value,
        previous_estimate_id,
        previous_renewal_date,
        previous_estimate_value,
        revenue_segment,
        annual_revenue,
        drop_name

    from steps
    where
        previous_position is null
        or estimate_id is distinct from previous_estimate_id
        or renewal_date is distinct from previous_renewal_date
        or estimate_value is distinct from previous_estimate_value

),

gone as (

    select
        spells.organization_id,
        spells.account_id,
        spells.ended as as_of,
        'left' as event,
        spells.ended_because as reason,
        listed.platform_account_id,
        listed.account_name,
        null as estimate_id,
        null as estimate_number,
        null as renewal_date,
        null as days_until_renewal,
        null as estimate_value,
        listed.estimate_id as previous_estimate_id,
        listed.renewal_date as previous_renewal_date,
        listed.estimate_value as previous_estimate_value,
        listed.revenue_segment,
        listed.annual_revenue,
        instants.drop_name

    from spells
    inner join listed
        on
            spells.organization_id = listed.organization_id
            and spells.account_id = listed.account_id
            and spells.last_position = listed.position
    inner join instants
        on spells.organization_id = instants.organization_id and spells.last_position + 1 = instants.position

)

select * from entered_or_changed
union all
select * from gone
order by organization_id, account_id, as_of
