{{ config(materialized='ephemeral') }}

-- lmn-format: no contact when both names are blank; one contact per Contact ID, from its first row
with

contacts_export as (

    select * from {{ ref('stg_lmn__contacts_export') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by lmn_contact_id
            order by source_row asc nulls last
        ) as choice

    from contacts_export
    where first_name is not null or last_name is not null

)

select * from ranked
