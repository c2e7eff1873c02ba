with

estimates as (

    select * from {{ ref('int_estimates__combined') }}

),

accounts as (

    select
        account_id,
        lmn_crm_id

    from {{ ref('int_accounts__combined') }}

),

contacts as (

    select
        lmn_contact_id,
        account_id

    from {{ ref('int_accounts__contacts') }}
    where
        lmn_contact_id is not null
        and contact_id_choice = 1

),

further as (

    select * from {{ ref('int_estimates__further_links') }}
    -- without added methods none of these rows is read
    where {{ 'true' if added_link_methods() else 'false' }}

),

linked as (

    -- D13: the first step that finds an existing account; related linking: then the methods of `link_methods`
    select
        estimates.*,
        coalesce(
            by_account.account_id,
            by_crm_id.account_id,
            by_contact.account_id{% for method in added_link_methods() %},
            further.{{ method }}_account_id{% endfor %}

        ) as account_id,
        case
            when by_account.account_id is not null then 'account_id'
            when by_crm_id.account_id is not null then 'lmn_crm_id'
            when by_contact.account_id is not null then 'lmn_contact_id'
            {% for method in added_link_methods() -%}
            when further.{{ method }}_account_id is not null then '{{ method }}'
            {% endfor -%}
            else 'none'
        end as link_method

    from estimates
    left join accounts as by_account
        on estimates.stated_account_id = by_account.account_id
    left join accounts as by_crm_id
        on estimates.lmn_contact_id = by_crm_id.lmn_crm_id
    left join contacts as by_contact
        on {{ lower_text('estimates.lmn_contact_id') }} = by_contact.lmn_contact_id
    left join further
        on estimates.estimate_id = further.estimate_id

)

select * from linked
