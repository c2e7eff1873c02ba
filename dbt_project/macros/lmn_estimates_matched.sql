{#- LMN's estimates, matched with the CRM's as lmn_matched says. -#}
{% macro lmn_estimates_matched() -%}
with

listed as (

    select * from {{ ref('stg_lmn__estimates_list') }}

)

{{ lmn_matched('listed', ref('stg_crm__estimates'), 'lmn_estimate_id', 'crm_estimate_id', 'lmn-estimate-') }}
{%- endmacro %}
