{#- LMN's contacts, each by the row that it is made of, matched with the CRM's as lmn_matched says. -#}
{% macro lmn_contacts_matched() -%}
with

listed as (

    select
        *,
        {{ lmn_contact_choice() }} as choice

    from {{ ref('stg_lmn__contacts_export') }}
    where {{ names_a_contact() }}

),

chosen as (

    select * from listed
    where choice = 1 or lmn_contact_id is null

)

{{ lmn_matched('chosen', ref('stg_crm__contacts'), 'lmn_contact_id', 'crm_contact_id', 'lmn-contact-') }}
{%- endmacro %}
