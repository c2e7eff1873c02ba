with

source as (

    select * from {{ source('crm', 'notification_snoozes') }}

),

renamed as (

    select
        -- identifiers
        id as snooze_id,
        related_account_id as account_id,

        -- dimensions
        {{ trim_text('notification_type') }} as notification_type,

        -- dates
        snoozed_until

    from source

)

select * from renamed
