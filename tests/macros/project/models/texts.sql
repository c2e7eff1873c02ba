select
    case_id,
    {{ trim_text('t') }} as trimmed,
    {{ collapse_blanks('t') }} as collapsed,
    {{ lower_text('t') }} as lowered,
    {{ fold_text('t') }} as folded,
    {{ is_blank('t') }} as is_blank,
    {{ json_string('t') }} as json_string,
    {{ md5_hex('t') }} as md5_hex,
    {{ crm_account_id('t') }} as crm_account_id,
    {{ starts_with('t', "so'ld\\") }} as starts_with,
    {{ json_array_has('t', 'Client') }} as json_array_has,
    {{ has_word(lower_text('t'), 'lost') }} as has_word,
    {{ digits_of('t') }} as digits,
    cast(t as {{ text_type() }}) as same,
    row_number() over (order by {{ text_order('t') }} nulls last, case_id) as place_nulls_last,
    row_number() over (order by {{ text_order('t') }} desc nulls first, case_id) as place_nulls_first
from texts
