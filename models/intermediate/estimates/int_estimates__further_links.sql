{{ config(materialized='table') }}

-- related linking: the single account that an estimate's e-mail, telephone numbers or tags match, whatever D13 finds
with

estimates as (

    select
        estimate_id,
        email,
        phone_1,
        phone_2,
        crm_tags

    from {{ ref('int_estimates__combined') }}

),

addresses as (

    select * from {{ ref('int_accounts__contact_addresses') }}

),

accounts as (

    select
        account_id,
        {{ fold_text('lmn_crm_id') }} as folded_crm_id

    from {{ ref('int_accounts__combined') }}
    where lmn_crm_id is not null

),

-- blank addresses and invalid numbers match no account
estimate_addresses as (

    select
        estimate_id,
        'email' as kind,
        {{ fold_text('email') }} as address

    from estimates
{% for column in ['phone_1', 'phone_2'] %}
    union all

    select
        estimate_id,
        'phone' as kind,
        {{ phone_of(column) }} as address

    from estimates
{% endfor %}
),

-- tags are a compact JSON array of texts; the separator occurs in none of them, because their quotes are escaped
tags as (

    select
        estimate_id,
        {{ split_to_rows("substring(crm_tags, 3, length(crm_tags) - 4)", '","') }} as tag

    from estimates
    where length(crm_tags) > 4

),

found as (

    select
        estimate_addresses.estimate_id,
        estimate_addresses.kind as method,
        addresses.account_id,
        addresses.accounts

    from estimate_addresses
    inner join addresses
        on estimate_addresses.kind = addresses.kind and estimate_addresses.address = addresses.address

    union all

    select
        tags.estimate_id,
        'crm_tags' as method,
        accounts.account_id,
        1 as accounts

    from tags
    inner join accounts on {{ fold_text('tags.tag') }} = accounts.folded_crm_id

),

-- matches of two accounts count as none
by_method as (

    select
        estimate_id,
        method,
        min(account_id) as account_id

    from found
    group by estimate_id, method
    having max(accounts) = 1 and min(account_id) = max(account_id)

),

final as (

    select
        estimate_id,
        max(account_id) filter (where method = 'email') as email_account_id,
        max(account_id) filter (where method = 'phone') as phone_account_id,
        max(account_id) filter (where method = 'crm_tags') as crm_tags_account_id

    from by_method
    group by estimate_id

)

select * from final
