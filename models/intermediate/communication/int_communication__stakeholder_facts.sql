-- related stakeholder_fact: what each stakeholder of a customer did on that customer's threads and meetings
{%- set channels = {
    'emails': 'emails',
    'chat': 'chat',
    'comments': 'ticket_comments',
    'openings': 'ticket_openings',
} %}

with

stakeholders as (

    select * from {{ ref('stg_platform__stakeholder') }}

),

configured as (

    select * from {{ ref('int_communication__configured_channels') }}

),

constants as (

    select * from {{ ref('int_health__constants') }}

),
{% for channel, relation in channels.items() %}
{{ channel }} as (

    select * from {{ ref('int_communication__' ~ relation ~ '_by_stakeholder') }}

),
{% endfor %}
meetings as (

    select * from {{ ref('int_communication__meetings_by_stakeholder') }}

),

answers as (

    select
        organization_id,
        customer_id,
        person_id as stakeholder_id,
        answers,
        answer_seconds

    from {{ ref('int_communication__email_answers_by_person') }}
    where not is_from_team

),

relationships as (

    select * from {{ ref('int_communication__email_relationships') }}

),

joined as (

    select
        stakeholders.*,

{% for channel in channels %}
        coalesce({{ channel }}.account_messages, 0) as {{ channel }}_messages,
        coalesce({{ channel }}.positive_messages, 0) as {{ channel }}_positive,
        coalesce({{ channel }}.negative_messages, 0) as {{ channel }}_negative,
{% endfor %}
{% for sum in ['messages_with_sentiment', 'positive_weight', 'neutral_weight', 'negative_weight'] %}
        {% for channel in channels -%}
        coalesce({{ channel }}.{{ sum }}, 0){{ ' + ' if not loop.last }}
        {%- endfor %} as {{ sum }},
{% endfor %}
{% for figure in [
    'invited_meetings', 'accepted_meetings', 'attended_meetings', 'accepted_calls', 'attended_calls', 'kept_calls',
] %}
        coalesce(meetings.{{ figure }}, 0) as {{ figure }},
{% endfor %}
        coalesce(relationships.users, 0) as email_relationships,
        answers.answers as email_answers,
        answers.answer_seconds as email_answer_seconds,

        -- D33: their last activity, and the team's last message to them or meeting with them
        greatest(
            emails.last_act_at, chat.last_act_at, comments.last_act_at, openings.last_act_at, meetings.last_attended_at
        ) as last_engagement,
        greatest(
            emails.last_team_message_at,
            chat.last_team_message_at,
            comments.last_team_message_at,
            meetings.last_invited_at
        ) as last_reach_out,
        emails.last_act_at as last_received_email,
        emails.last_team_message_at as last_sent_email,
        meetings.last_attended_at,
        meetings.next_meeting_at

    from stakeholders
{% for relation in ['emails', 'chat', 'comments', 'openings', 'meetings', 'answers', 'relationships'] %}
    left join {{ relation }}
        on
            stakeholders.organization_id = {{ relation }}.organization_id
            and stakeholders.customer_id = {{ relation }}.customer_id
            and stakeholders.stakeholder_id = {{ relation }}.stakeholder_id
{% endfor %}
),

measured as (

    select
        joined.*,
        emails_messages - emails_positive - emails_negative as emails_neutral,
        chat_messages - chat_positive - chat_negative as chat_neutral,
        emails_messages + chat_messages + comments_messages + openings_messages as items,
        emails_positive + chat_positive + comments_positive + openings_positive as items_positive,
        emails_negative + chat_negative + comments_negative + openings_negative as items_negative,
        {{ sentiment_divisor('positive_weight', 'neutral_weight', 'negative_weight', 'constants') }}
            as sentiment_divisor,
        {{ sentiment_span('positive_weight', 'negative_weight', 'constants') }} as sentiment_span

    from joined
    cross join constants

),

-- D36: null, not 0, without the source table
final as (

    select
        measured.organization_id,
        measured.stakeholder_id,
        measured.customer_id,

        measured.email,
        measured.name,
        measured.title,
        measured.crm_id,
        measured.type,
        measured.role,
        measured.touch_frequency,
        measured.is_muted,
        measured.is_opted_out,

        measured.last_engagement,
        measured.last_reach_out,
        measured.last_received_email,
        measured.last_sent_email,
        measured.last_attended_at,
        measured.next_meeting_at,

{% for figure in ['emails_messages', 'emails_positive', 'emails_negative', 'emails_neutral', 'email_relationships'] %}
        case when configured.has_email then measured.{{ figure }} end as {{ figure }},
{% endfor %}
        {{ round_half_up('measured.email_answer_seconds', '3600 * measured.email_answers', 2) }}
            as email_response_hours,

{% for figure in ['chat_messages', 'chat_positive', 'chat_negative', 'chat_neutral'] %}
        case when configured.has_chat then measured.{{ figure }} end as {{ figure }},
{% endfor %}
        case when configured.has_tickets then measured.openings_messages end as submitted_tickets,

{% for figure in [
    'invited_meetings', 'accepted_meetings', 'attended_meetings', 'accepted_calls', 'attended_calls',
] %}
        case when configured.has_meetings and configured.has_attendees then measured.{{ figure }} end as {{ figure }},
{% endfor %}
        {{ round_half_up('100 * measured.kept_calls', 'measured.accepted_calls', 2, 5) }} as show_rate,

{% for figure, items in [
    ('positive_items', 'measured.items_positive'),
    ('negative_items', 'measured.items_negative'),
    ('neutral_items', 'measured.items - measured.items_positive - measured.items_negative'),
] %}
        case when configured.has_email or configured.has_chat or configured.has_tickets then {{ items }} end
            as {{ figure }},
{% endfor %}
        -- D30: stakeholders who opted out have no score
        case
            when not measured.is_opted_out and measured.messages_with_sentiment >= constants.sentiment_minimum_messages
                then {{ sentiment_score(
                    'measured.positive_weight', 'measured.negative_weight',
                    'measured.sentiment_divisor', 'measured.sentiment_span', 'constants'
                ) }}
        end as sentiment_score

    from measured
    cross join configured
    cross join constants

)

select * from final
