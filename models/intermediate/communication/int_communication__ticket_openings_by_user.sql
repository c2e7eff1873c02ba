{{ config(materialized='table') }}

{{ messages_by_user(ref('int_communication__ticket_openings')) }}
