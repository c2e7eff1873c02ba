-- the platform's and the CRM's values for an account, side by side; one row
with

spine as (

    select * from {{ ref('int_customer_success__account_spine') }}

),

customers as (

    select * from {{ ref('stg_platform__customer') }}

),

tiers as (

    select * from {{ ref('stg_platform__tier') }}

),

journeys as (

    select * from {{ ref('stg_platform__customer_journey') }}

),

users as (

    select * from {{ ref('stg_platform__users') }}

),

accounts as (

    select * from {{ ref('accounts') }}

),

next_dates as (

    select * from {{ ref('int_renewals__next_dates') }}

)

select
    -- the platform
    customers.customer_id as platform_account_id,
    customers.organization_id as platform_organization_id,
    customers.crm_id as platform_crm_id,
    customers.app_id as platform_app_id,
    customers.customer_name as platform_account_name,
    customers.domain as platform_domain,
    customers.parent_id as platform_parent_account_id,
    parents.customer_name as parent_account_name,
    customers.tier_id as platform_tier_id,
    tiers.tier_name as platform_tier_name,
    customers.owner_id as platform_owner_id,
    users.email as owner_email,
    customers.status as platform_status,
    customers.status_detail as platform_status_detail,
    customers.journey_id as platform_journey_id,
    journeys.journey_phase_name as platform_journey_phase_name,
    customers.revenue as platform_revenue,
    customers.renewal_date as platform_renewal_date,
    customers.contract_start_date as platform_contract_start_date,
    customers.churn_date as platform_churn_date,

    -- the CRM
    accounts.id as crm_account_id,
    case when not spine.is_customer then spine.account_id end as crm_only_account_id,
    case when not spine.is_customer then {{ var('crm_organization_id') }} end as crm_organization_id,
    case when not spine.is_customer then coalesce(accounts.lmn_crm_id, accounts.id) end as crm_crm_id,
    accounts.lmn_crm_id as crm_lmn_crm_id,
    accounts.name as crm_account_name,
    accounts.status as crm_status,
    accounts.annual_revenue as crm_revenue,
    cast(accounts.renewal_date as date) as crm_renewal_date,
    next_dates.renewal_date as crm_contract_renewal_date

from spine
left join customers
    on
        spine.organization_id = customers.organization_id
        and spine.account_id = customers.customer_id
        and spine.is_customer
left join customers as parents
    on customers.organization_id = parents.organization_id and customers.parent_id = parents.customer_id
left join tiers
    on customers.organization_id = tiers.organization_id and customers.tier_id = tiers.tier_id
left join journeys
    on customers.organization_id = journeys.organization_id and customers.journey_id = journeys.journey_id
left join users
    on customers.organization_id = users.organization_id and customers.owner_id = users.user_id
left join accounts
    on spine.crm_account_id = accounts.id
left join next_dates
    on spine.crm_account_id = next_dates.account_id
where {{ is_explained_customer('spine', 'account_id') }}
