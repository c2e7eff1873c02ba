-- the row of account_communication_stats
with

account_communication_stats as (

    select * from {{ ref('account_communication_stats') }}

)

select *
from account_communication_stats
where {{ is_explained_customer('account_communication_stats', 'account_id') }}
