{{ config(materialized='ephemeral') }}

-- source-schema: LMN's accounts, each with the CRM account that it matches
with

chosen as (

    select * from {{ ref('int_accounts__lmn_account_rows') }}
    where choice = 1

),

matched as (

    {{ lmn_matched(
        'chosen', ref('stg_crm__accounts'), 'lmn_crm_id', 'crm_account_id', 'lmn-account-'
    ) | indent(4) }}

)

select * from matched
