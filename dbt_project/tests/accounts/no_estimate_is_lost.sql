-- lmn-format, D11: every estimate of either source is in the mart, linked to an account or not.
-- A row here is one that is missing.
with

lmn as (

    select * from {{ ref('stg_lmn__estimates_list') }}

),

crm as (

    select * from {{ ref('stg_crm__estimates') }}

),

estimates as (

    select * from {{ ref('estimates') }}

),

lost as (

    select lmn.lmn_estimate_id as estimate
    from lmn
    left join estimates as by_lmn_id
        on lmn.lmn_estimate_id = by_lmn_id.lmn_estimate_id
    left join estimates as by_id
        on 'lmn-estimate-' || lmn.lmn_estimate_id = by_id.id
    where
        by_lmn_id.id is null
        and by_id.id is null

    union all

    select crm.crm_estimate_id as estimate
    from crm
    left join estimates
        on crm.crm_estimate_id = estimates.id
    where estimates.id is null

)

select * from lost
