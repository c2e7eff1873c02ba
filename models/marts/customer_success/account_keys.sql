-- D24, D25: the ids that join the platform's tables and the CRM's, and the source of each figure of account_core
with

spine as (

    select * from {{ ref('int_customer_success__account_spine') }}

),

data_as_of as (

    select * from {{ ref('int_customer_success__data_as_of') }}

),

customers_by_crm_account as (

    select
        crm_account_id,
        count(*) as customers

    from {{ ref('int_customer_success__crm_links') }}
    where crm_account_id is not null
    group by crm_account_id

),

final as (

    select
        -- key
        spine.account_id,
        spine.organization_id,

        -- its other ids
        spine.crm_account_id,
        spine.lmn_crm_id,
        spine.app_id,
        spine.link_method,
        case
            when spine.crm_account_id is not null
                then cast(coalesce(customers_by_crm_account.customers, 0) as integer)
        end as customers_on_crm_account,

        -- D25: the platform's value comes first
        case
            when spine.platform_revenue is not null then 'platform'
            when spine.crm_revenue is not null then 'crm'
            else 'none'
        end as revenue_source,
        spine.platform_revenue,
        spine.crm_revenue,
        case
            when spine.platform_renewal_date is not null then 'platform'
            when spine.crm_renewal_date is not null then 'crm'
            when spine.contract_renewal_date is not null then 'contract'
            else 'none'
        end as renewal_date_source,
        spine.platform_renewal_date,
        spine.crm_renewal_date,
        spine.contract_renewal_date,
        -- null with fewer than two dates
        case
            when
                least(spine.platform_renewal_date, spine.crm_renewal_date, spine.contract_renewal_date)
                < greatest(spine.platform_renewal_date, spine.crm_renewal_date, spine.contract_renewal_date)
                then false
            when
                spine.platform_renewal_date = spine.crm_renewal_date
                or spine.platform_renewal_date = spine.contract_renewal_date
                or spine.crm_renewal_date = spine.contract_renewal_date
                then true
        end as renewal_dates_agree,
        case
            when spine.platform_status is not null then 'platform'
            when spine.crm_status is not null then 'crm'
            else 'none'
        end as status_source,

        -- system fields
        {{ as_of() }} as extracted_at,
        data_as_of.data_as_of

    from spine
    inner join data_as_of on spine.organization_id = data_as_of.organization_id
    left join customers_by_crm_account on spine.crm_account_id = customers_by_crm_account.crm_account_id

)

select * from final
