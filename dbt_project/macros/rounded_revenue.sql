{#-
  D9: a select of the revenue of won estimates in each year, by `key`: revenue_cents and estimates_count.
  `estimate_years` is a relation of key, revenue_year, shares, price_cents; the greatest values of its columns `maxima`
  are selected as well.

  Revenue is a sum of fractions, price / contract_years, rounded once, half away from zero, to cents. In whole numbers:

  For each duration d, the sum of its prices in cents is quotient * d + remainder, 0 <= remainder < d. What remains to
  be rounded is the sum of remainder / d over the durations. Each is truncated after 48 decimal digits, in three groups
  of 16 digits ("limbs") that fit a bigint: remainder * 10^16 <= 101 * 10^16 < 2^63.

  Why that is exact: with n durations the true sum lies in [truncated, truncated + n * 10^-48). Durations go up to 101 years, and
  the least common multiple L of 1..101 is under 10^43. The true sum is a multiple of 1 / L, so it either is a whole
  number or a half, or is at least 1 / (2 * L) > n * 10^-48 away from both. So adding n to the last limb carries a
  truncated sum over a whole number or a half only if the true sum has reached it. The true sum is exactly a half if no
  more than n is left.
-#}
{% macro rounded_revenue(estimate_years, key, maxima=[]) -%}
    {%- set limb = 10000000000000000 -%}
with

by_duration as (

    select
        {{ key }},
        revenue_year,
        shares,
        cast(sum(price_cents) as bigint) as cents,
        {% for column in maxima -%}
        max({{ column }}) as {{ column }},
        {% endfor -%}
        count(*) as estimates_count

    from {{ estimate_years }}
    group by {{ key }}, revenue_year, shares

),

divided as (

    select
        *,
        {{ floor_divide('cents', 'shares') }} as quotient,
        cents - {{ floor_divide('cents', 'shares') }} * shares as remainder

    from by_duration

),

first_limb as (

    select
        *,
        {{ integer_divide('remainder * ' ~ limb, 'shares') }} as limb_1,
        remainder * {{ limb }} % shares as remainder_1

    from divided

),

second_limb as (

    select
        *,
        {{ integer_divide('remainder_1 * ' ~ limb, 'shares') }} as limb_2,
        remainder_1 * {{ limb }} % shares as remainder_2

    from first_limb

),

third_limb as (

    select
        *,
        {{ integer_divide('remainder_2 * ' ~ limb, 'shares') }} as limb_3

    from second_limb

),

summed as (

    select
        {{ key }},
        revenue_year,
        cast(sum(quotient) as bigint) as cents,
        cast(sum(limb_1) as bigint) as limb_1,
        cast(sum(limb_2) as bigint) as limb_2,
        cast(sum(limb_3) + count(*) as bigint) as limb_3,
        count(*) as durations,
        {% for column in maxima -%}
        max({{ column }}) as {{ column }},
        {% endfor -%}
        cast(sum(estimates_count) as bigint) as estimates_count

    from third_limb
    group by {{ key }}, revenue_year

),

carried_once as (

    select
        *,
        limb_2 + {{ integer_divide('limb_3', limb) }} as carried_2,
        limb_3 % {{ limb }} as digits_3

    from summed

),

carried_twice as (

    select
        *,
        limb_1 + {{ integer_divide('carried_2', limb) }} as carried_1,
        carried_2 % {{ limb }} as digits_2

    from carried_once

),

carried as (

    select
        *,
        cents + {{ integer_divide('carried_1', limb) }} as whole_cents,
        carried_1 % {{ limb }} as digits_1

    from carried_twice

)

select
    {{ key }},
    revenue_year,
    estimates_count,
    {% for column in maxima -%}
    {{ column }},
    {% endfor -%}
    whole_cents
    + case
        when digits_1 < {{ limb // 2 }} then 0
        -- exactly half a cent: away from zero
        when digits_1 = {{ limb // 2 }} and digits_2 = 0 and digits_3 <= durations and whole_cents < 0 then 0
        else 1
    end as revenue_cents

from carried
{%- endmacro %}
