{#- D25: whether an estimate is won and its contract has not ended by the run's day. -#}
{% macro is_running_contract() -%}
    (is_won and (contract_end is null or contract_end >= {{ today() }}))
{%- endmacro %}
