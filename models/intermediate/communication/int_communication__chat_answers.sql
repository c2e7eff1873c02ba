{{ config(materialized='table') }}

{{ answers_by_customer(answers=ref('int_communication__chat_answers_by_person')) }}
