{{ config(materialized='table') }}

{{ messages_by_stakeholder(ref('int_communication__chat_messages')) }}
