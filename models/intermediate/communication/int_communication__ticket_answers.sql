{{ config(materialized='table') }}

{{ answers_by_customer(ref('int_communication__ticket_messages'), order_by=["sent_at", "message_rank", "message_id"]) }}
