{{ config(materialized='table') }}

{{ answers_by_customer(answers=ref('int_communication__ticket_answers_by_person')) }}
