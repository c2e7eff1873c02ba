-- every account with the ids and names that people use for it
with

spine as (

    select * from {{ ref('int_customer_success__account_spine') }}

),

accounts as (

    select * from {{ ref('accounts') }}

)

select
    spine.account_id,
    spine.organization_id,
    spine.account_name,
    spine.crm_id,
    spine.is_customer,
    spine.crm_account_id,
    accounts.lmn_crm_id,
    accounts.name as crm_name

from spine
left join accounts on spine.crm_account_id = accounts.id
