{#-
  D28, D29: a select of a channel's answers and open threads by customer, each side summed over its people. `answers`
  is a relation that answers_by_person makes. The team owes an answer to threads that end with the account's message.
-#}
{% macro answers_by_customer(answers) -%}
select
    organization_id,
    customer_id,
{% for side, condition in [('team', 'is_from_team'), ('account', 'not is_from_team')] %}
    cast(coalesce(sum(answers) filter (where {{ condition }}), 0) as bigint) as {{ side }}_answers,
    cast(sum(answer_seconds) filter (where {{ condition }}) as bigint) as {{ side }}_answer_seconds,
    cast(coalesce(sum(scored_answers) filter (where {{ condition }}), 0) as bigint) as scored_{{ side }}_answers,
    cast(sum(scored_answer_seconds) filter (where {{ condition }}) as bigint) as scored_{{ side }}_answer_seconds,
{% endfor %}
    cast(coalesce(sum(open_threads) filter (where not is_from_team), 0) as bigint) as team_open_threads,
    cast(coalesce(sum(open_threads) filter (where is_from_team), 0) as bigint) as account_open_threads

from {{ answers }}
group by organization_id, customer_id
{%- endmacro %}
