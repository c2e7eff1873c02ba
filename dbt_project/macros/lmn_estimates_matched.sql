{#-
  source-schema: a select of LMN's estimates, each with the CRM's estimate that it is (`crm_estimate_id`, null for none): the
  one with its lmn_estimate_id, else the one under the id that LMN's would get. An estimate of the CRM is one of LMN's, that
  of `crm_choice` 1; another has lost its id to it, and is rejected.
-#}
{% macro lmn_estimates_matched() -%}
select
    lmn.*,
    coalesce(by_key.crm_estimate_id, by_id.crm_estimate_id) as crm_estimate_id,
    row_number() over (
        partition by coalesce(by_key.crm_estimate_id, by_id.crm_estimate_id)
        order by
            case when by_key.crm_estimate_id is not null then 0 else 1 end asc nulls last,
            {{ text_order('lmn.lmn_estimate_id') }} asc nulls last
    ) as crm_choice

from {{ ref('stg_lmn__estimates_list') }} as lmn
left join {{ ref('stg_crm__estimates') }} as by_key
    on lmn.lmn_estimate_id = by_key.lmn_estimate_id
left join {{ ref('stg_crm__estimates') }} as by_id
    on 'lmn-estimate-' || lmn.lmn_estimate_id = by_id.crm_estimate_id
{%- endmacro %}
