{#-
  D28, D29, scores response time: a select of the turns of each thread: the first message of each run of one side's
  messages, and the last one of the thread. `messages` is a relation of organization_id, customer_id, thread_id,
  message_id, is_from_team, user_id, stakeholder_id, sent_at; `order_by` are the columns that order a thread's
  messages, to the last tie, message_id among them. `silent_people` and `constants` are the relations of those names
  (int_communication__silent_people, int_health__constants).

  In a thread the sides of runs alternate, and the first message of a run is the answer to the run before it: its
  seconds count from the first message of that run, `answered_message_id`. is_answer: the
  answer's own time lies in `communication_window_days`. is_scored: the answer lies in the scores' window, and neither
  its author nor that of the message it answers is left out of scores. is_open: it is the thread's last message, has
  waited for the other side for more than `open_thread_hours`, and is less than `open_thread_max_days` old.

  The first pass keeps the first message of each run and the last one of each thread; the second measures the time from
  the first message of one run to that of the next.
-#}
{% macro thread_turns(messages, order_by, silent_people, constants) -%}
with

silent_people as (

    select * from {{ silent_people }}

),

constants as (

    select * from {{ constants }}

),

messages as (

    select
        organization_id,
        customer_id,
        thread_id,
        {{ order_by | join(", ") }},
        is_from_team,
        case when is_from_team then user_id else stakeholder_id end as person_id

    from {{ messages }}
    where sent_at <= {{ as_of() }}

),

neighbours as (

    select
        *,
        lag(is_from_team) over thread as previous_is_from_team,
        lead(is_from_team) over thread as next_is_from_team

    from messages
    window thread as (
        partition by thread_id, customer_id, organization_id
        order by {{ order_by | join(" asc nulls last, ") }} asc nulls last
    )

),

ends as (

    select
        neighbours.organization_id,
        neighbours.customer_id,
        neighbours.thread_id,
        {%- for column in order_by %}
        neighbours.{{ column }},
        {%- endfor %}
        neighbours.is_from_team,
        neighbours.person_id,
        silent_people.person_id is not null as is_silent,
        previous_is_from_team is distinct from neighbours.is_from_team as starts_run,
        previous_is_from_team is not null as follows,
        next_is_from_team is null as ends_thread

    from neighbours
    left join silent_people
        on
            neighbours.organization_id = silent_people.organization_id
            and neighbours.is_from_team = silent_people.is_team
            and neighbours.person_id = silent_people.person_id
    where previous_is_from_team is distinct from neighbours.is_from_team or next_is_from_team is null

),

starts as (

    select
        *,
        lag(message_id) over thread as answered_message_id,
        lag(sent_at) over thread as answered_run_at,
        lag(is_silent) over thread as answered_is_silent

    from ends
    window thread as (
        partition by thread_id, customer_id, organization_id
        order by {{ order_by | join(" asc nulls last, ") }} asc nulls last
    )

),

measured as (

    select
        starts.organization_id,
        starts.customer_id,
        starts.thread_id,
        starts.message_id,
        starts.answered_message_id,
        starts.person_id,
        starts.is_from_team,
        starts.starts_run and starts.follows and {{ in_communication_window("starts.sent_at") }} as is_answer,
        starts.starts_run and starts.follows and not starts.is_silent and not starts.answered_is_silent
        and {{ whole_days_between("starts.sent_at", as_of()) }} < constants.window_days as is_scored,
        {{ seconds_between("starts.answered_run_at", "starts.sent_at") }} as seconds,
        starts.answered_run_at,
        starts.sent_at,
        starts.ends_thread and {{ in_communication_window("starts.sent_at") }}
        and starts.sent_at < {{ instant_before(hours=var("open_thread_hours")) }}
        and starts.sent_at > {{ instant_before(days=var("open_thread_max_days")) }} as is_open

    from starts
    cross join constants

)

select * from measured
{%- endmacro %}
