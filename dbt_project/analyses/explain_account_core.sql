-- the row of account_core
with

account_core as (

    select * from {{ ref('account_core') }}

)

select *
from account_core
where {{ is_explained_customer('account_core', 'account_id') }}
