-- what the run is about
select
    {{ as_of() }} as as_of,
    {{ today() }} as today,
    {{ selected_year() }} as selected_year
