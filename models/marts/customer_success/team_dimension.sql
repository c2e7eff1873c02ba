-- related team_dimension: the tenant's own people
with

members as (

    select * from {{ ref('int_team__members') }}

),

data_as_of as (

    select * from {{ ref('int_customer_success__data_as_of') }}

),

final as (

    select
        -- keys
        members.user_id as team_member_id,
        members.organization_id,

        -- identity
        {{ cut_to('members.email', 100) }} as team_member_email,
        {{ cut_to('members.name', 200) }} as team_member_name,
        {{ cut_to('members.first_name', 100) }} as team_member_first_name,
        {{ cut_to('members.last_name', 100) }} as team_member_last_name,
        {{ cut_to('members.title', 200) }} as team_member_title,
        {{ cut_to('members.department', 100) }} as team_member_department,
        {{ cut_to('members.crm_id', 100) }} as team_member_crm_id,

        -- flags
        members.has_access as team_member_has_access,
        members.is_excluded as team_member_excluded_from_analysis,
        members.mailbox_connected as team_member_mailbox_connected,

        -- system fields
        {{ as_of() }} as extracted_at,
        data_as_of.data_as_of

    from members
    inner join data_as_of on members.organization_id = data_as_of.organization_id

)

select * from final
