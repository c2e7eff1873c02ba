{#-
  lmn-format: one account per CRM ID, from its primary contact's row, else its first row: the place of a row of LMN's Contacts
  Export among those of its account, 1 for the one that the account is made of.
-#}
{% macro lmn_account_choice() -%}
    row_number() over (
        partition by lmn_crm_id
        order by
            case
                when is_primary_contact then 0
                when {{ starts_with('lmn_contact_id', 'p') }} then 1
                else 2
            end asc nulls last,
            source_row asc nulls last
    )
{%- endmacro %}
