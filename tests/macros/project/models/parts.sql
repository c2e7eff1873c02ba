select
    case_id,
    {{ split_to_rows('t', '","') }} as part
from texts
