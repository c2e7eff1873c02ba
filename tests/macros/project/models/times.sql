select
    case_id,
    {{ days_between('s', 'e') }} as days,
    {{ seconds_between('s', 'e') }} as seconds,
    {{ whole_days_between('s', 'e') }} as whole_days,
    {{ microseconds_between('s', 'e') }} as microseconds,
    {{ month_number('s') }} as month_of_timestamp,
    {{ month_number('cast(e as date)') }} as month_of_date,
    {{ year_of('e') }} as year_of_timestamp,
    cast(s as date) as day,
    s > {{ as_of() }} as is_after_as_of,
    s >= {{ instant_before(days=90, hours=1) }} as is_in_window,
    cast(s as date) = {{ today() }} as is_today
from times
