select
    case_id,
    {{ integer_divide('a', 'b') }} as quotient,
    {{ integer_divide('a', 'b', wide=true) }} as wide_quotient,
    {{ floor_divide('a', 7) }} as floored,
    {{ round_half_up('a', 'b', 0) }} as rounded_to_units,
    {{ round_half_up('a', 'b', 2, 30) }} as rounded_to_cents,
    {{ round_half_up('a', 'b', 4) }} as rounded_to_four,
    {{ round_half_up('a', 'b - b', 2) }} as rounded_by_zero,
    {{ round_half_up('a', 'cast(null as bigint)', 2) }} as rounded_by_null,
    {{ round_half_up('cast(null as bigint)', 'b', 2) }} as null_rounded
from integers
