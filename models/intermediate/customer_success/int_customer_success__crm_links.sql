-- source-schema: by lmn_crm_id, else by id, and only in the tenant that the CRM belongs to
with

customers as (

    select
        organization_id,
        customer_id,
        crm_id

    from {{ ref('stg_platform__customer') }}

),

accounts as (

    select
        account_id,
        lmn_crm_id

    from {{ ref('int_accounts__combined') }}

),

-- a crm_id that matches no account links to none
tenant_customers as (

    select
        organization_id,
        customer_id,
        case when organization_id = {{ var('crm_organization_id') }} then crm_id end as crm_id

    from customers

),

links as (

    select
        tenant_customers.organization_id,
        tenant_customers.customer_id,
        coalesce(by_lmn_id.account_id, by_id.account_id) as crm_account_id,
        case
            when by_lmn_id.account_id is not null then 'lmn_crm_id'
            when by_id.account_id is not null then 'id'
            else 'none'
        end as link_method

    from tenant_customers
    left join accounts as by_lmn_id on tenant_customers.crm_id = by_lmn_id.lmn_crm_id
    left join accounts as by_id on tenant_customers.crm_id = by_id.account_id

)

select * from links
