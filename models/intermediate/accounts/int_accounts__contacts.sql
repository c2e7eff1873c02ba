with

accounts as (

    select
        account_id,
        lmn_crm_id

    from {{ ref('int_accounts__combined') }}

),

crm as (

    select * from {{ ref('stg_crm__contacts') }}

),

lmn_rows as (

    select
        contacts.*,
        -- a repeated Contact ID is one contact: its first row
        row_number() over (
            partition by contacts.lmn_contact_id
            order by contacts.source_row asc nulls last
        ) as choice

    from {{ ref('stg_lmn__contacts_export') }} as contacts
    -- lmn-format: no contact when both names are blank
    where contacts.first_name is not null or contacts.last_name is not null

),

lmn as (

    select
        lmn_rows.lmn_contact_id,
        lmn_rows.source_row,
        accounts.account_id

    from lmn_rows
    inner join accounts
        on lmn_rows.lmn_crm_id = accounts.lmn_crm_id
    where lmn_rows.choice = 1 or lmn_rows.lmn_contact_id is null

),

crm_linked as (

    -- a contact known to both keeps the CRM's account, and gets LMN's where the CRM has none
    select
        crm.crm_contact_id as contact_id,
        crm.lmn_contact_id,
        coalesce(crm.account_id, lmn.account_id) as account_id,
        0 as source_rank,
        crm.source_row

    from crm
    left join lmn
        on crm.lmn_contact_id = lmn.lmn_contact_id

),

lmn_only as (

    select
        'lmn-contact-' || lmn.lmn_contact_id as contact_id,
        lmn.lmn_contact_id,
        lmn.account_id,
        1 as source_rank,
        lmn.source_row

    from lmn
    left join crm
        on lmn.lmn_contact_id = crm.lmn_contact_id
    where crm.crm_contact_id is null

),

combined as (

    select * from crm_linked

    union all

    select * from lmn_only

),

of_accounts as (

    -- a contact of an unknown account is a contact of none
    select
        combined.contact_id,
        combined.lmn_contact_id,
        combined.account_id,
        combined.source_rank,
        combined.source_row,
        -- D13 goes from a Contact ID to one account
        row_number() over (
            partition by combined.lmn_contact_id
            order by
                combined.source_rank asc nulls last,
                combined.source_row asc nulls last,
                {{ text_order('combined.account_id') }} asc nulls last
        ) as contact_id_choice

    from combined
    inner join accounts
        on combined.account_id = accounts.account_id

)

select * from of_accounts
