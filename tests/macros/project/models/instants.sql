select
    1 as case_id,
    {{ as_of() }} as as_of,
    {{ today() }} as today,
    {{ instant_before() }} as instant_before_nothing,
    {{ instant_before(days=15) }} as instant_before_days,
    {{ instant_before(hours=24) }} as instant_before_hours,
    {{ selected_year() }} as selected_year
