-- related linking: the contacts' e-mail addresses and telephone numbers, and how many accounts each belongs to
with

contacts as (

    select * from {{ ref('int_accounts__contacts') }}

),

addresses as (
{% for column in ['email_1', 'lmn_email_1', 'lmn_email_2'] %}
    select
        'email' as kind,
        {{ fold_text(column) }} as address,
        account_id

    from contacts
    where not {{ is_blank(column) }}

    union all
{% endfor %}
{%- for column in ['phone_1', 'lmn_phone_1', 'lmn_phone_2'] %}
    select
        'phone' as kind,
        {{ phone_of(column) }} as address,
        account_id

    from contacts
    where {{ phone_of(column) }} is not null

    {{ 'union all' if not loop.last }}
{% endfor %}
),

by_address as (

    select
        kind,
        address,
        min(account_id) as account_id,
        count(distinct account_id) as accounts

    from addresses
    group by kind, address

)

select * from by_address
