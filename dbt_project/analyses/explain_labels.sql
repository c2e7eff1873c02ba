-- scores: the published scores and the limits of their labels; one row
with

scores as (

    select * from {{ ref('int_health__scores') }}

),

constants as (

    select * from {{ ref('int_health__constants') }}

)

select
    scores.health_score,
    scores.engagement_score,
    scores.sentiment_score,
    scores.open_items_score,
    scores.response_time_score,
    constants.label_red_up_to as red_up_to,
    constants.label_yellow_up_to as yellow_up_to

from scores
cross join constants
where {{ is_explained_customer('scores', 'account_id') }}
