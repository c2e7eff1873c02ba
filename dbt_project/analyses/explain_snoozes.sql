-- the account's snoozes
select
    snooze_id,
    notification_type,
    snoozed_until

from {{ ref('stg_crm__notification_snoozes') }}
where {{ is_explained_crm_account('account_id') }}
