{{ config(materialized='table') }}

{{ messages_by_stakeholder(messages=ref('int_communication__email_messages'), decay=ref('score_decay')) }}
