with

source as (

    select * from {{ source('crm', 'scorecards') }}

),

renamed as (

    select
        -- identifiers
        id as scorecard_id,
        account_id,

        -- facts
        score,

        -- dates
        completed_date

    from source

)

select * from renamed
