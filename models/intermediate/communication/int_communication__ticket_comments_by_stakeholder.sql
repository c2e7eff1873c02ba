{{ config(materialized='table') }}

{{ messages_by_stakeholder(ref('int_communication__ticket_comments')) }}
