-- lmn-format, D11: every estimate of either source is in the mart, linked to an account or not.
-- A row here is one that is not.
select lmn.lmn_estimate_id as estimate
from {{ ref('stg_lmn__estimates_list') }} as lmn
left join {{ ref('estimates') }} as by_lmn_id
    on lmn.lmn_estimate_id = by_lmn_id.lmn_estimate_id
left join {{ ref('estimates') }} as by_id
    on 'lmn-estimate-' || lmn.lmn_estimate_id = by_id.id
where
    by_lmn_id.id is null
    and by_id.id is null

union all

select crm.crm_estimate_id as estimate
from {{ ref('stg_crm__estimates') }} as crm
left join {{ ref('estimates') }} as estimates
    on crm.crm_estimate_id = estimates.id
where estimates.id is null
