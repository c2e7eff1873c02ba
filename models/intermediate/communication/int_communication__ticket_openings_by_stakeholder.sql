{{ config(materialized='table') }}

{{ messages_by_stakeholder(messages=ref('int_communication__ticket_openings'), decay=ref('score_decay')) }}
