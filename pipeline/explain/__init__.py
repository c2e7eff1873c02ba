"""Explains a value: its definition, its rules as the specs state them, and the rows behind it.

No rule is computed here. The rows come from dbt's analyses (`dbt_project/analyses/explain_*.sql`), which read the
models of the latest run and share their macros; `meta.evidence` in a column's YAML says which rows belong to it.
"""
