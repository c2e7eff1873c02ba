{#-
  D28, D29: a select of a channel's answers and open threads by customer, from its turns (see thread_turns, which
  says what the arguments are).
-#}
{% macro answers_by_customer(messages, order_by, silent_people, constants) -%}
select
    organization_id,
    customer_id,

    count(*) filter (where is_answer and is_from_team) as team_answers,
    cast(sum(seconds) filter (where is_answer and is_from_team) as bigint) as team_answer_seconds,
    count(*) filter (where is_answer and not is_from_team) as account_answers,
    cast(sum(seconds) filter (where is_answer and not is_from_team) as bigint) as account_answer_seconds,

    count(*) filter (where is_scored and is_from_team) as scored_team_answers,
    cast(sum(seconds) filter (where is_scored and is_from_team) as bigint) as scored_team_answer_seconds,
    count(*) filter (where is_scored and not is_from_team) as scored_account_answers,
    cast(sum(seconds) filter (where is_scored and not is_from_team) as bigint) as scored_account_answer_seconds,

    count(*) filter (where is_open and not is_from_team) as team_open_threads,
    count(*) filter (where is_open and is_from_team) as account_open_threads

from ({{ thread_turns(messages, order_by, silent_people, constants) }}) as turns
group by organization_id, customer_id
{%- endmacro %}
