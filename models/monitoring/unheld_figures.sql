{{ config(schema='marts', materialized='table') }}

-- D39: the computed figures that are too large for their columns; each holds its organization's drop back
with

spine as (

    select * from {{ ref('int_customer_success__account_spine') }}

),

stats as (

    select * from {{ ref('int_communication__account_stats') }}

),

owners as (

    select * from {{ ref('int_team__owners') }}

),

unheld as (

    {% for relation, export, column, digits in [
        ('spine', 'account_core', 'revenue', 10),
        ('stats', 'account_communication_stats', 'team_email_response_time_hours', 8),
        ('stats', 'account_communication_stats', 'account_email_response_time_hours', 8),
        ('stats', 'account_communication_stats', 'meeting_time_hours', 8),
        ('stats', 'account_communication_stats', 'team_meeting_time_hours', 8),
        ('stats', 'account_communication_stats', 'owner_meeting_time_hours', 8),
        ('stats', 'account_communication_stats', 'team_chat_response_time_hours', 8),
        ('stats', 'account_communication_stats', 'account_chat_response_time_hours', 8),
        ('stats', 'account_communication_stats', 'team_ticket_response_time_hours', 8),
        ('stats', 'account_communication_stats', 'account_ticket_response_time_hours', 8),
        ('stats', 'account_communication_stats', 'team_effort_hours', 8),
        ('stats', 'account_communication_stats', 'owner_effort_hours', 8),
        ('stats', 'account_communication_stats', 'team_effort_cost', 10),
        ('stats', 'account_communication_stats', 'time_frame_revenue', 10),
        ('stats', 'account_communication_stats', 'efficiency_rate', 6),
        ('owners', 'account_owner_team', 'owner_response_time_hours', 8),
        ('owners', 'account_owner_team', 'owner_chat_response_time_hours', 8),
        ('owners', 'account_owner_team', 'owner_meetings_time_hours', 8),
        ('owners', 'account_owner_team', 'owner_effort_hours', 8),
        ('owners', 'account_owner_team', 'owner_owned_accounts_revenue', 10),
    ] -%}
    select
        organization_id,
        account_id,
        '{{ export }}.{{ column }}' as export_column,
        cast({{ column }} as {{ text_type() }}) as figure,
        {{ digits }} as digits

    from {{ relation }}
    where abs({{ column }}) >= 1{{ '0' * digits }}
    {% if not loop.last %}
    union all
    {% endif -%}
    {% endfor %}

),

final as (

    select
        organization_id,
        account_id,
        cast(export_column as {{ text_type() }}) as export_column,
        figure,
        cast(digits as integer) as digits

    from unheld

)

select * from final
