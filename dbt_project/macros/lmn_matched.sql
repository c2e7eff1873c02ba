{#-
  source-schema: a select of LMN's `rows`, each with the row of the relation `crm` that it matches (`crm_id`, null for
  none): the one with its `key`, else the one whose id is `prefix` and that key, the id that LMN's row would get. Where
  several match one row of the CRM, the one with `crm_choice` 1 wins, and the others are rejected.
-#}
{% macro lmn_matched(rows, crm, key, crm_id, prefix) -%}
select
    lmn.*,
    coalesce(by_key.{{ crm_id }}, by_id.{{ crm_id }}) as {{ crm_id }},
    row_number() over (
        partition by coalesce(by_key.{{ crm_id }}, by_id.{{ crm_id }})
        order by
            case when by_key.{{ crm_id }} is not null then 0 else 1 end asc nulls last,
            {{ text_order('lmn.' ~ key) }} asc nulls last
    ) as crm_choice

from {{ rows }} as lmn
left join {{ crm }} as by_key
    on lmn.{{ key }} = by_key.{{ key }}
left join {{ crm }} as by_id
    on '{{ prefix }}' || lmn.{{ key }} = by_id.{{ crm_id }}
{%- endmacro %}
