{{ config(materialized='table') }}

{{ response_runs(ref('int_communication__email_messages'), order_by=["sent_at", "message_id"]) }}
