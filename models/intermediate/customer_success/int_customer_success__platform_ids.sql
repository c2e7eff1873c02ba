-- D24: the id that a CRM account has in account_core: its customer's, or the one made for it
with

accounts as (

    select account_id as crm_account_id from {{ ref('int_accounts__combined') }}

),

links as (

    select * from {{ ref('int_customer_success__crm_links') }}

),

-- the lowest id if several customers link to one CRM account; account_keys counts them
linked as (

    select
        crm_account_id,
        min(customer_id) as customer_id

    from links
    where crm_account_id is not null
    group by crm_account_id

),

platform_ids as (

    select
        accounts.crm_account_id,
        coalesce(linked.customer_id, {{ crm_account_id('accounts.crm_account_id') }}) as platform_account_id

    from accounts
    left join linked on accounts.crm_account_id = linked.crm_account_id

)

select * from platform_ids
