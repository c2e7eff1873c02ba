-- what the derived columns of `accounts` are derived from; one row
with

accounts as (

    select * from {{ ref('accounts') }}

),

combined as (

    select * from {{ ref('int_accounts__combined') }}

)

select
    accounts.account_type,
    accounts.tags,
    accounts.archived,
    combined.stated_status,
    combined.is_archive_conflict,
    accounts.last_interaction_date,
    {{ today() }} as today

from accounts
inner join combined on accounts.id = combined.account_id
where {{ is_explained_crm_account('accounts.id') }}
