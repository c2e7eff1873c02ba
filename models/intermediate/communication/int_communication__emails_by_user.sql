{{ config(materialized='table') }}

{{ messages_by_user(ref('int_communication__email_messages')) }}
