-- What the audit trail of the at-risk list and its episodes are made of. `instants` are an organization's instants,
-- numbered from 0 without gaps; `drops` are the drops of each, by rank: 0 is the one that counts, and those whose place it
-- took follow.
create or replace temp view listed as
select
    at_risk_list.* exclude (as_of),
    instants.as_of,
    instants.position,
    -- consecutive instants have one number
    instants.position - row_number() over (
        partition by at_risk_list.organization_id, at_risk_list.account_id order by instants.position
    ) as episode

from at_risk_list
inner join instants
    on at_risk_list.organization_id = instants.organization_id and at_risk_list.drop_name = instants.drop_name;

-- why an account of the CRM was no longer on the list: account_changes says it of what the platform calls the account,
-- at that instant or at the one before
create or replace temp view reasons as
select
    left_list.organization_id,
    drops.position,
    histories.crm_account_id as account_id,
    left_list.reason

from left_list
inner join drops
    on left_list.organization_id = drops.organization_id and left_list.drop_name = drops.drop_name
inner join instants
    on drops.organization_id = instants.organization_id and instants.position in (drops.position, drops.position - 1)
inner join histories
    on
        instants.organization_id = histories.organization_id
        and instants.drop_name = histories.drop_name
        and left_list.account_id = histories.account_id
qualify row_number() over (
    partition by left_list.organization_id, drops.position, histories.crm_account_id
    order by drops.rank, left_list.reason
) = 1;

-- at-risk R32: who stood on the list from when to when; the instant after the last one is when it was seen to be gone
create or replace temp view spells as
select
    spans.*,
    first_instants.as_of as began,
    last_instants.as_of as last_seen,
    next_instants.as_of as ended,
    case when next_instants.as_of is not null then coalesce(reasons.reason, 'unknown') end as ended_because

from (
    select
        organization_id,
        account_id,
        episode,
        min(position) as first_position,
        max(position) as last_position,
        count(distinct estimate_id) as estimates
    from listed
    group by organization_id, account_id, episode
) as spans
inner join instants as first_instants
    on spans.organization_id = first_instants.organization_id and spans.first_position = first_instants.position
inner join instants as last_instants
    on spans.organization_id = last_instants.organization_id and spans.last_position = last_instants.position
left join instants as next_instants
    on spans.organization_id = next_instants.organization_id and spans.last_position + 1 = next_instants.position
left join reasons
    on
        spans.organization_id = reasons.organization_id
        and spans.account_id = reasons.account_id
        and spans.last_position + 1 = reasons.position;
