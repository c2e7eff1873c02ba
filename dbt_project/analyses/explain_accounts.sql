-- the row of accounts
with

accounts as (

    select * from {{ ref('accounts') }}

)

select *
from accounts
where {{ is_explained_crm_account('id') }}
