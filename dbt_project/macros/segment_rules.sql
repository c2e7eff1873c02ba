{#-
  accounts R12, R13, R14, R15, R16, D12: the rules for an account's segment in a year; the first match
  counts. A year without revenue has the segment of without_revenue. A condition uses has_standard and has_service (1 if
  the year has a won estimate of that type, zero-priced ones too), revenue_cents and total_cents. Shares are exact:
  compared by multiplication, never by a rounded percentage.
-#}
{% macro segment_rules() -%}
    {{ return([
        {
            "segment": "D",
            "rule": "accounts R15",
            "says": "a won Standard and no won Service estimate",
            "condition": "has_standard = 1 and has_service = 0",
        },
        {
            "segment": "C",
            "rule": "D12",
            "says": "a total or a revenue of 0 or less",
            "condition": "(total_cents <= 0 or revenue_cents <= 0)",
        },
        {
            "segment": "A",
            "rule": "accounts R12",
            "says": var("segment_a_percent") ~ " percent of the year's total at least",
            "percent": var("segment_a_percent"),
            "condition": "100 * revenue_cents >= " ~ var("segment_a_percent") ~ " * total_cents",
        },
        {
            "segment": "B",
            "rule": "accounts R13",
            "says": var("segment_b_percent") ~ " percent of the year's total at least",
            "percent": var("segment_b_percent"),
            "condition": "100 * revenue_cents >= " ~ var("segment_b_percent") ~ " * total_cents",
        },
        {
            "segment": "C",
            "rule": "accounts R14",
            "says": "less than that",
            "condition": "revenue_cents is not null",
        },
    ]) }}
{%- endmacro %}
