{{ config(materialized='table') }}

{{ answers_by_person(
    messages=ref('int_communication__chat_messages'),
    order_by=["sent_at", "message_id"],
    silent_people=ref('int_communication__silent_people'),
    constants=ref('int_health__constants'),
) }}
