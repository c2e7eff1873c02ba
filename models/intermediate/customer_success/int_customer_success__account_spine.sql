{{ config(materialized='table') }}

-- D24, D25: one row per customer, and one per CRM account that no customer links to
with

customers as (

    select * from {{ ref('stg_platform__customer') }}

),

tiers as (

    select * from {{ ref('stg_platform__tier') }}

),

journeys as (

    select * from {{ ref('stg_platform__customer_journey') }}

),

accounts as (

    select * from {{ ref('int_accounts__described') }}

),

estimates as (

    select * from {{ ref('int_estimates__dated') }}

),

next_dates as (

    select * from {{ ref('int_renewals__next_dates') }}

),

links as (

    select * from {{ ref('int_customer_success__crm_links') }}

),

-- D25: the earliest start of the won estimates that have not ended
contract_starts as (

    select
        account_id,
        min(contract_start) as contract_start_date

    from estimates
    where {{ is_running_contract() }}
    group by account_id

),

crm_accounts as (

    select
        accounts.account_id as crm_account_id,
        accounts.lmn_crm_id,
        accounts.name as account_name,
        accounts.status,
        accounts.annual_revenue as revenue,
        cast(accounts.renewal_date as date) as stated_renewal_date,
        next_dates.renewal_date as contract_renewal_date,
        coalesce(cast(accounts.renewal_date as date), next_dates.renewal_date) as renewal_date,
        contract_starts.contract_start_date

    from accounts
    left join contract_starts on accounts.account_id = contract_starts.account_id
    left join next_dates on accounts.account_id = next_dates.account_id

),

customer_accounts as (

    select
        customers.customer_id as account_id,
        customers.organization_id,
        customers.parent_id as parent_account_id,
        customers.tier_id,
        customers.owner_id,
        customers.journey_id,
        links.crm_account_id,
        links.link_method,

        customers.crm_id,
        crm_accounts.lmn_crm_id,
        customers.app_id,
        coalesce(customers.customer_name, crm_accounts.account_name) as account_name,
        customers.domain,
        tiers.tier_name,
        coalesce(customers.status, crm_accounts.status) as status,
        customers.status_detail,
        journeys.journey_phase_name,

        cast(coalesce(customers.revenue, crm_accounts.revenue) as numeric(18, 2)) as revenue,

        true as is_customer,

        coalesce(customers.renewal_date, crm_accounts.renewal_date) as renewal_date,
        coalesce(customers.contract_start_date, crm_accounts.contract_start_date) as contract_start_date,
        customers.churn_date,

        -- the platform's and the CRM's own values, for account_keys
        customers.status as platform_status,
        crm_accounts.status as crm_status,
        cast(customers.revenue as numeric(18, 2)) as platform_revenue,
        cast(crm_accounts.revenue as numeric(18, 2)) as crm_revenue,
        customers.renewal_date as platform_renewal_date,
        crm_accounts.stated_renewal_date as crm_renewal_date,
        crm_accounts.contract_renewal_date

    from customers
    left join tiers
        on customers.organization_id = tiers.organization_id and customers.tier_id = tiers.tier_id
    left join journeys
        on customers.organization_id = journeys.organization_id and customers.journey_id = journeys.journey_id
    left join links
        on customers.organization_id = links.organization_id and customers.customer_id = links.customer_id
    left join crm_accounts on links.crm_account_id = crm_accounts.crm_account_id

),

linked_accounts as (

    select crm_account_id from links
    where crm_account_id is not null

),

crm_only_accounts as (

    select
        {{ crm_account_id('crm_accounts.crm_account_id') }} as account_id,
        cast({{ var('crm_organization_id') }} as bigint) as organization_id,
        cast(null as bigint) as parent_account_id,
        cast(null as bigint) as tier_id,
        cast(null as bigint) as owner_id,
        cast(null as bigint) as journey_id,
        crm_accounts.crm_account_id,
        'crm_only' as link_method,

        -- the crm_id that a customer would need to link to this account
        coalesce(crm_accounts.lmn_crm_id, crm_accounts.crm_account_id) as crm_id,
        crm_accounts.lmn_crm_id,
        cast(null as {{ text_type() }}) as app_id,
        crm_accounts.account_name,
        cast(null as {{ text_type() }}) as domain,
        cast(null as {{ text_type() }}) as tier_name,
        crm_accounts.status,
        cast(null as {{ text_type() }}) as status_detail,
        cast(null as {{ text_type() }}) as journey_phase_name,

        cast(crm_accounts.revenue as numeric(18, 2)) as revenue,

        false as is_customer,

        crm_accounts.renewal_date,
        crm_accounts.contract_start_date,
        cast(null as date) as churn_date,

        cast(null as {{ text_type() }}) as platform_status,
        crm_accounts.status as crm_status,
        cast(null as numeric(18, 2)) as platform_revenue,
        cast(crm_accounts.revenue as numeric(18, 2)) as crm_revenue,
        cast(null as date) as platform_renewal_date,
        crm_accounts.stated_renewal_date as crm_renewal_date,
        crm_accounts.contract_renewal_date

    from crm_accounts
    left join linked_accounts on crm_accounts.crm_account_id = linked_accounts.crm_account_id
    where linked_accounts.crm_account_id is null

),

spine as (

    select * from customer_accounts
    union all
    select * from crm_only_accounts

)

select * from spine
