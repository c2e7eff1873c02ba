{%- set a = 'cast(a as ' ~ wide_integer() ~ ')' -%}
{%- set b = 'cast(b as ' ~ wide_integer() ~ ')' -%}
{%- set quotient = integer_divide(a, b, wide=true) -%}
select
    case_id,
    cast({{ quotient }} as {{ text_type() }}) as quotient,
    cast({{ round_half_up(a, b, 2) }} as {{ text_type() }}) as rounded,
    cast({{ a }} * 100 + {{ b }} as {{ text_type() }}) as multiplied_and_added,
    {{ a }} * 100 >= {{ b }} * 15 as compared,
    cast((select sum({{ a }}) from wide_integers) as {{ text_type() }}) as summed
from wide_integers
