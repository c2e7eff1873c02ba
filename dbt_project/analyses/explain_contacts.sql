-- the account's contacts
select
    contact_id,
    lmn_contact_id

from {{ ref('int_accounts__contacts') }}
where {{ is_explained_crm_account('account_id') }}
