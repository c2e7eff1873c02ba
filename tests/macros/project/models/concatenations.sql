select
    {{ integer_divide('case_id', 50) }} as case_id,
    {{ ordered_concat('t', ',', text_order('t') ~ ', case_id') }} as by_text,
    {{ ordered_concat(json_string('t'), ", '", 'case_id desc') }} as by_number_backwards,
    {{ ordered_concat('case when t is null then t end', ',', 'case_id') }} as of_nothing
from texts
group by {{ integer_divide('case_id', 50) }}
