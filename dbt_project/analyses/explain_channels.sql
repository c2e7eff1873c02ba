-- which channels have a source table
select * from {{ ref('int_communication__configured_channels') }}
