-- the account's scorecards
select
    scorecard_id,
    score,
    completed_date,
    coalesce(completed_date <= {{ as_of() }}, false) as is_completed

from {{ ref('stg_crm__scorecards') }}
where {{ is_explained_crm_account('account_id') }}
