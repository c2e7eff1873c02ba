with

source as (

    select * from {{ source('crm', 'contacts') }}

),

cleaned as (

    select
        -- identifiers
        id as crm_contact_id,
        account_id,
        {{ lower_text('lmn_contact_id') }} as lmn_contact_id,

        -- dimensions
        email_1,
        phone_1,

        -- metadata
        _row as source_row

    from source

)

select * from cleaned
