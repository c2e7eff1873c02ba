{{ config(materialized='ephemeral') }}

-- source-schema: LMN's contacts, each with the CRM contact that it matches
with

chosen as (

    select * from {{ ref('int_accounts__lmn_contact_rows') }}
    where choice = 1 or lmn_contact_id is null

),

matched as (

    {{ lmn_matched(
        'chosen', ref('stg_crm__contacts'), 'lmn_contact_id', 'crm_contact_id', 'lmn-contact-'
    ) | indent(4) }}

)

select * from matched
