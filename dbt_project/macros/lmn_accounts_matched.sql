{#- LMN's accounts, each by the row that it is made of, matched with the CRM's as lmn_matched says. -#}
{% macro lmn_accounts_matched() -%}
with

listed as (

    select
        *,
        {{ lmn_account_choice() }} as choice

    from {{ ref('stg_lmn__contacts_export') }}

),

chosen as (

    select * from listed
    where choice = 1

)

{{ lmn_matched('chosen', ref('stg_crm__accounts'), 'lmn_crm_id', 'crm_account_id', 'lmn-account-') }}
{%- endmacro %}
