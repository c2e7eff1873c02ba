with

accounts as (

    select * from {{ ref('int_accounts__described') }}

),

at_risk as (

    select * from {{ ref('at_risk_accounts') }}

),

platform_ids as (

    select * from {{ ref('int_customer_success__platform_ids') }}

),

final as (

    select
        -- contracts account; identifiers
        accounts.account_id as id,
        accounts.lmn_crm_id,
        accounts.name,

        -- dimensions
        accounts.account_type,
        accounts.status,
        accounts.revenue_segment,
        accounts.segment_by_year,
        accounts.annual_revenue,
        accounts.revenue_by_year,
        accounts.organization_score,
        coalesce(accounts.tags, '[]') as tags,
        accounts.archived,
        accounts.last_interaction_date,
        accounts.renewal_date,
        accounts.snoozed_until,
        accounts.icp_status,
        accounts.address_1,
        accounts.address_2,
        accounts.city,
        accounts.state,
        accounts.postal_code,
        accounts.country,
        accounts.created_date,
        accounts.created_at,
        accounts.updated_at,

        -- for the filters and sort orders of the accounts page
        accounts.is_archived,
        accounts.is_customer,
        accounts.is_prospect,
        accounts.has_contacts,
        accounts.has_completed_scorecard,
        accounts.salespeople,
        accounts.estimators,
        accounts.days_since_last_interaction,
        -- accounts R31, R32, at-risk R31: calculated, never account.status
        at_risk.account_id is not null as is_at_risk,
        at_risk.days_until_renewal,
        -- new columns come last, because some readers use positions
        accounts.total_estimates_by_year,

        -- the account's id in the platform's tables
        platform_ids.platform_account_id

    from accounts
    left join at_risk
        on accounts.account_id = at_risk.account_id
    left join platform_ids
        on accounts.account_id = platform_ids.crm_account_id

)

select * from final
