-- the rows of the CRM and of LMN's Contacts Export that an account in `accounts` comes from
{%- set columns = [
    'name', 'account_type', 'tags', 'icp_status', 'address_1', 'address_2', 'city', 'state', 'postal_code', 'country',
] %}

with

crm as (

    select * from {{ ref('stg_crm__accounts') }}

),

lmn as (

    select * from {{ ref('int_accounts__lmn_account_rows') }}

),

accounts as (

    select * from {{ ref('int_accounts__combined') }}
    where {{ is_explained_crm_account('account_id') }}

)

select
    'crm' as source,
    cast(null as bigint) as source_row,
    crm.crm_account_id as account_id,
    crm.lmn_crm_id,
    {% for column in columns -%}
    crm.{{ column }},
    {% endfor -%}
    crm.status,
    crm.archived,
    crm.organization_score,
    crm.last_interaction_date,
    crm.renewal_date,
    crm.snoozed_until,
    crm.created_date,
    crm.created_at,
    crm.updated_at,
    cast(null as boolean) as is_primary_contact,
    true as is_chosen,
    0 as source_rank

from crm
inner join accounts on crm.crm_account_id = accounts.account_id

union all

select
    'lmn' as source,
    cast(lmn.source_row as bigint) as source_row,
    'lmn-account-' || lmn.lmn_crm_id as account_id,
    lmn.lmn_crm_id,
    {% for column in columns -%}
    lmn.{{ column }},
    {% endfor -%}
    cast(null as {{ text_type() }}) as status,
    lmn.archived,
    cast(null as numeric(7, 2)) as organization_score,
    cast(null as timestamp) as last_interaction_date,
    cast(null as timestamp) as renewal_date,
    cast(null as timestamp) as snoozed_until,
    cast(null as timestamp) as created_date,
    cast(null as timestamp) as created_at,
    cast(null as timestamp) as updated_at,
    lmn.is_primary_contact,
    lmn.choice = 1 as is_chosen,
    1 as source_rank

from lmn
inner join accounts on lmn.lmn_crm_id = accounts.lmn_crm_id
