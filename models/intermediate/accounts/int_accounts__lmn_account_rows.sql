{{ config(materialized='ephemeral') }}

-- lmn-format: one account per CRM ID, from its primary contact's row, else its first row
with

contacts_export as (

    select * from {{ ref('stg_lmn__contacts_export') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by lmn_crm_id
            order by
                case
                    when is_primary_contact then 0
                    when {{ starts_with('lmn_contact_id', 'p') }} then 1
                    else 2
                end asc nulls last,
                source_row asc nulls last
        ) as choice

    from contacts_export

)

select * from ranked
