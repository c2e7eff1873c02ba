{#- LMN's contacts, each by the row that it is made of, matched with the CRM's as lmn_matched says. -#}
{% macro lmn_contacts_matched() -%}
with

listed as (

    {{ lmn_contact_rows() | indent(4) }}

),

chosen as (

    select * from listed
    where choice = 1 or lmn_contact_id is null

)

{{ lmn_matched('chosen', ref('stg_crm__contacts'), 'lmn_contact_id', 'crm_contact_id', 'lmn-contact-') }}
{%- endmacro %}
