{#-
  source-schema: a select of LMN's accounts, each with the CRM's account that it is (`crm_account_id`, null for none): the one
  with its lmn_crm_id, else the one under the id that LMN's would get. An account of the CRM is one of LMN's, that of
  `crm_choice` 1; another has lost its id to it, and is rejected.
-#}
{% macro lmn_accounts_matched() -%}
with

listed as (

    select
        *,
        {{ lmn_account_choice() }} as choice

    from {{ ref('stg_lmn__contacts_export') }}

)

select
    lmn.*,
    coalesce(by_key.crm_account_id, by_id.crm_account_id) as crm_account_id,
    row_number() over (
        partition by coalesce(by_key.crm_account_id, by_id.crm_account_id)
        order by
            case when by_key.crm_account_id is not null then 0 else 1 end asc nulls last,
            {{ text_order('lmn.lmn_crm_id') }} asc nulls last
    ) as crm_choice

from listed as lmn
left join {{ ref('stg_crm__accounts') }} as by_key
    on lmn.lmn_crm_id = by_key.lmn_crm_id
left join {{ ref('stg_crm__accounts') }} as by_id
    on 'lmn-account-' || lmn.lmn_crm_id = by_id.crm_account_id
where lmn.choice = 1
{%- endmacro %}
