with

source as (

    select * from {{ source('platform', 'stakeholder') }}

),

renamed as (

    select
        organization_id,
        id as stakeholder_id,
        customer_id,

        email,
        name,
        coalesce(name, email) as stakeholder_name,
        title,
        crm_id,
        type,
        role,
        touch_frequency,

        coalesce({{ fold_text('role') }} = 'decision maker', false) as is_decision_maker,
        coalesce(muted, false) as is_muted,
        coalesce(opted_out, false) as is_opted_out

    from source

)

select * from renamed
