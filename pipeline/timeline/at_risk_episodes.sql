select
    spells.organization_id,
    spells.account_id,
    spells.began,
    spells.last_seen,
    spells.ended,
    spells.ended_because,
    spells.first_position = 0 as may_have_begun_earlier,
    last_listed.platform_account_id,
    last_listed.account_name,
    first_listed.estimate_id as first_estimate_id,
    first_listed.renewal_date as first_renewal_date,
    first_listed.estimate_value as first_estimate_value,
    last_listed.estimate_id,
    last_listed.estimate_number,
    last_listed.renewal_date,
    last_listed.estimate_value,
    last_listed.revenue_segment,
    last_listed.annual_revenue,
    spells.estimates

from spells
inner join listed as first_listed
    on
        spells.organization_id = first_listed.organization_id
        and spells.account_id = first_listed.account_id
        and spells.first_position = first_listed.position
inner join listed as last_listed
    on
        spells.organization_id = last_listed.organization_id
        and spells.account_id = last_listed.account_id
        and spells.last_position = last_listed.position
order by spells.organization_id, spells.account_id, spells.began
