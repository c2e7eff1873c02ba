-- the run's instant
select {{ as_of() }} as as_of
