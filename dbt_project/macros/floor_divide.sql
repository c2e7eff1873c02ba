{#- The quotient of a bigint by a positive whole number, rounded towards minus infinity, as a bigint. -#}
{% macro floor_divide(dividend, divisor) -%}
    (case
        when {{ dividend }} >= 0 then {{ integer_divide(dividend, divisor) }}
        else -{{ integer_divide("(" ~ divisor ~ " - 1 - (" ~ dividend ~ "))", divisor) }}
    end)
{%- endmacro %}
