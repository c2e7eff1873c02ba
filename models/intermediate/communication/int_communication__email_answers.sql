{{ config(materialized='table') }}

{{ answers_by_customer(answers=ref('int_communication__email_answers_by_person')) }}
