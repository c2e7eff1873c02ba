{#-
  lmn-format: a select of the rows of LMN's Contacts Export that name a contact, no contact when both names are blank. `choice`
  is a row's place among those of its Contact ID, 1 for the one that the contact is made of.
-#}
{% macro lmn_contact_rows() -%}
select
    *,
    row_number() over (
        partition by lmn_contact_id
        order by source_row asc nulls last
    ) as choice

from {{ ref('stg_lmn__contacts_export') }}
where first_name is not null or last_name is not null
{%- endmacro %}
