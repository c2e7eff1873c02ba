{{ config(materialized='table') }}

{{ messages_by_user(messages=ref('int_communication__email_messages')) }}
