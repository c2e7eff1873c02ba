with

source as (

    select * from {{ source('lmn', 'contacts_export') }}

),

cleaned as (

    select
        -- identifiers
        lmn_crm_id,
        {{ lower_text('lmn_contact_id') }} as lmn_contact_id,

        -- dimensions: the account
        name,
        {{ lower_text('account_type') }} as account_type,
        case when {{ lower_text('classification') }} = 'residential' then 'na' else 'required' end as icp_status,
        tags,
        archived,
        address_1,
        address_2,
        city,
        state,
        postal_code,
        country,

        -- dimensions: the contact
        first_name,
        last_name,
        email_1,
        email_2,
        phone_1,
        phone_2,
        coalesce(primary_contact, false) as is_primary_contact,

        -- metadata
        _row as source_row

    from source

)

select * from cleaned
