-- related meeting_summary: each meeting that is not cancelled, past or future
with

meetings as (

    select * from {{ ref('int_communication__meetings') }}

),

attendees as (

    select * from {{ ref('int_communication__attendees_by_meeting') }}

),

texts as (

    select * from {{ ref('int_communication__meeting_texts') }}

),

channels as (

    select * from {{ ref('int_communication__configured_channels') }}

),

customers as (

    select
        account_id,
        organization_id,
        crm_account_id

    from {{ ref('int_customer_success__account_spine') }}
    where is_customer

),

data_as_of as (

    select * from {{ ref('int_customer_success__data_as_of') }}

),

-- null, not 0, without a table of attendees
counted as (

    select
        meetings.*,
        case when channels.has_attendees then coalesce(attendees.users, 0) end as users,
        case when channels.has_attendees then coalesce(attendees.stakeholders, 0) end as stakeholders

    from meetings
    cross join channels
    left join attendees
        on meetings.organization_id = attendees.organization_id and meetings.event_id = attendees.event_id

),

final as (

    select
        -- keys
        counted.event_id as meeting_id,
        counted.customer_id as account_id,
        counted.organization_id,

        -- start and duration (D31)
        counted.start_time as meeting_date,
        cast({{ round_half_up('counted.microseconds', 60000000, 0) }} as integer) as meeting_duration_minutes,

        -- people
        {{ cut_to('counted.organizer_email', 100) }} as meeting_organizer_email,
        cast(counted.users + counted.stakeholders as integer) as meeting_attendee_count,
        cast(counted.users as integer) as meeting_internal_attendee_count,
        cast(counted.stakeholders as integer) as meeting_customer_attendee_count,

        -- contents
        texts.summary as meeting_summary,

        -- system fields
        {{ as_of() }} as extracted_at,
        data_as_of.data_as_of,

        -- the account's id in the CRM's tables
        customers.crm_account_id

    from counted
    inner join customers
        on counted.organization_id = customers.organization_id and counted.customer_id = customers.account_id
    inner join data_as_of on counted.organization_id = data_as_of.organization_id
    left join texts
        on
            counted.organization_id = texts.organization_id
            and counted.customer_id = texts.customer_id
            and counted.event_id = texts.event_id

)

select * from final
