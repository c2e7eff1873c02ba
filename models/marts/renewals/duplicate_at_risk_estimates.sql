with

history as (

    select * from {{ source('run', 'duplicate_history') }}

),

groups as (

    select * from {{ ref('int_renewals__duplicate_groups') }}

),

platform_ids as (

    select * from {{ ref('int_customer_success__platform_ids') }}

),

kept as (

    -- at-risk R15, D22: an unresolved row of the same group stays as it is; a resolved row is never reopened
    select
        history.id,
        history.account_id,
        history.division,
        history.address,
        history.estimate_ids,
        history.detected_at,
        case
            when history.resolved_at is not null then history.resolved_at
            when groups.account_id is null then {{ as_of() }}
        end as resolved_at

    from history
    left join groups
        on
            history.account_id = groups.account_id
            and history.division = groups.division
            and history.address = groups.address
            and history.estimate_ids = groups.estimate_ids

),

unresolved as (

    select * from history
    where resolved_at is null

),

detected as (

    select
        {{ md5_hex(
            "'[' || " ~ json_string('groups.account_id') ~ " || ',' || " ~ json_string('groups.division')
            ~ " || ',' || " ~ json_string('groups.address') ~ " || ',' || groups.estimate_ids || ',"
            ~ as_of_datetime().isoformat() ~ "Z]'"
        ) }} as digest,
        groups.account_id,
        groups.division,
        groups.address,
        groups.estimate_ids,
        {{ as_of() }} as detected_at,
        cast(null as timestamp) as resolved_at

    from groups
    left join unresolved
        on
            groups.account_id = unresolved.account_id
            and groups.division = unresolved.division
            and groups.address = unresolved.address
            and groups.estimate_ids = unresolved.estimate_ids
    where unresolved.id is null

),

listed as (

    select
        -- identifiers
        id,
        account_id,

        -- the group, with division and address normalised
        division,
        address,
        estimate_ids,

        -- timestamps
        detected_at,
        resolved_at

    from kept

    union all

    select
        -- the id follows from the group and the instant of its detection, so that it is the same on every engine
        substring(digest, 1, 8) || '-' || substring(digest, 9, 4) || '-' || substring(digest, 13, 4) || '-'
        || substring(digest, 17, 4) || '-' || substring(digest, 21, 12) as id,
        account_id,
        division,
        address,
        estimate_ids,
        detected_at,
        resolved_at

    from detected

),

final as (

    select
        listed.*,

        -- the account's id in the platform's tables
        platform_ids.platform_account_id

    from listed
    left join platform_ids
        on listed.account_id = platform_ids.crm_account_id

)

select * from final
