{#-
  The place of a row of LMN's Contacts Export among those that name a contact of its Contact ID, 1 for the one that the
  contact is made of: a repeated Contact ID is one contact, its first row.
-#}
{% macro lmn_contact_choice() -%}
    row_number() over (
        partition by lmn_contact_id
        order by source_row asc nulls last
    )
{%- endmacro %}
