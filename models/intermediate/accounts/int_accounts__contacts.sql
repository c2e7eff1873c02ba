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

lmn_matched as (

    select * from {{ ref('int_accounts__lmn_contacts_matched') }}

),

lmn as (

    select
        lmn_matched.lmn_contact_id,
        lmn_matched.crm_contact_id,
        lmn_matched.crm_choice,
        lmn_matched.email_1,
        lmn_matched.email_2,
        lmn_matched.phone_1,
        lmn_matched.phone_2,
        lmn_matched.source_row,
        accounts.account_id

    from lmn_matched
    inner join accounts
        on lmn_matched.lmn_crm_id = accounts.lmn_crm_id

),

crm_linked as (

    -- a contact that both know keeps the CRM's values, and gets LMN's where the CRM has none
    select
        crm.crm_contact_id as contact_id,
        coalesce(crm.lmn_contact_id, lmn.lmn_contact_id) as lmn_contact_id,
        coalesce(crm.account_id, lmn.account_id) as account_id,
        crm.email_1,
        crm.phone_1,
        lmn.email_1 as lmn_email_1,
        lmn.email_2 as lmn_email_2,
        lmn.phone_1 as lmn_phone_1,
        lmn.phone_2 as lmn_phone_2,
        0 as source_rank,
        crm.source_row

    from crm
    left join lmn
        on
            crm.crm_contact_id = lmn.crm_contact_id
            and lmn.crm_choice = 1

),

lmn_only as (

    select
        'lmn-contact-' || lmn_contact_id as contact_id,
        lmn_contact_id,
        account_id,
        cast(null as {{ text_type() }}) as email_1,
        cast(null as {{ text_type() }}) as phone_1,
        email_1 as lmn_email_1,
        email_2 as lmn_email_2,
        phone_1 as lmn_phone_1,
        phone_2 as lmn_phone_2,
        1 as source_rank,
        source_row

    from lmn
    where crm_contact_id is null

),

combined as (

    select * from crm_linked

    union all

    select * from lmn_only

),

of_accounts as (

    -- contacts of unknown accounts are dropped
    select
        combined.contact_id,
        combined.lmn_contact_id,
        combined.account_id,
        combined.email_1,
        combined.phone_1,
        combined.lmn_email_1,
        combined.lmn_email_2,
        combined.lmn_phone_1,
        combined.lmn_phone_2,
        combined.source_rank,
        combined.source_row,
        -- D13: a Contact ID leads to one account
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
