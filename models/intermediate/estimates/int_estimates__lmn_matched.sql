{{ config(materialized='ephemeral') }}

-- source-schema: LMN's estimates, each with the CRM estimate that it matches
with

listed as (

    select * from {{ ref('stg_lmn__estimates_list') }}

),

matched as (

    {{ lmn_matched(
        'listed', ref('stg_crm__estimates'), 'lmn_estimate_id', 'crm_estimate_id', 'lmn-estimate-'
    ) | indent(4) }}

)

select * from matched
