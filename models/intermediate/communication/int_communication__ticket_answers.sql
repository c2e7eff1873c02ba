{{ config(materialized='table') }}

{{ response_runs(ref('int_communication__ticket_messages'), order_by=["sent_at", "message_rank", "message_id"]) }}
