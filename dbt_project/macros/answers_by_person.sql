{#-
  D28, D29: a select of a channel's answers and open threads by customer and person, from its turns (see
  thread_turns for the arguments). `person_id` is a user's where is_from_team, else a stakeholder's, and may be null;
  `open_threads` end with a message of that person and wait for the other side.
-#}
{% macro answers_by_person(messages, order_by, silent_people, constants) -%}
select
    organization_id,
    customer_id,
    is_from_team,
    person_id,

    count(*) filter (where is_answer) as answers,
    cast(sum(seconds) filter (where is_answer) as bigint) as answer_seconds,
    count(*) filter (where is_scored) as scored_answers,
    cast(sum(seconds) filter (where is_scored) as bigint) as scored_answer_seconds,
    count(*) filter (where is_open) as open_threads

from ({{ thread_turns(messages, order_by, silent_people, constants) }}) as turns
group by organization_id, customer_id, is_from_team, person_id
{%- endmacro %}
