{{ config(materialized='table') }}

{{ answers_by_customer(ref('int_communication__chat_messages'), order_by=["sent_at", "message_id"]) }}
