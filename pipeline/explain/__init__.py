"""Explains a value: its definition, its rules in their own words, the rows that made it and the rules that lost.

No rule is computed here. The rows come from dbt's analyses (`dbt_project/analyses/explain_*.sql`), which read the
models of the latest run and share their macros; `meta.evidence` in a column's YAML says which of them stand behind it.
"""
