{{ config(materialized='table') }}

{{ messages_by_stakeholder(messages=ref('int_communication__ticket_comments'), decay=ref('score_decay')) }}
