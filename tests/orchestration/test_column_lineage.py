"""The lineage of a model's columns, parsed from its SQL."""

from __future__ import annotations

from pipeline.orchestration.column_lineage import column_sources

SCHEMA = {
    "warehouse": {
        "raw": {"crm__accounts": {"id": "varchar", "name": "varchar"}},
        "staging": {"estimates": {"account_id": "varchar", "price": "decimal(12,2)", "tax": "decimal(12,2)"}},
    }
}
SQL = """
with accounts as (select * from "warehouse"."raw"."crm__accounts"),
totals as (
    select account_id, sum(price + tax) as total
    from "warehouse"."staging"."estimates"
    group by account_id
)
select accounts.id, upper(accounts.name) as name, coalesce(totals.total, 0) as total, 'x' as fixed
from accounts
left join totals on totals.account_id = accounts.id
"""


def test_column_lineage_follows_every_step_of_the_sql() -> None:
    assert column_sources(SQL, SCHEMA, "duckdb") == {
        "id": [["raw.crm__accounts", "id"]],
        "name": [["raw.crm__accounts", "name"]],
        "total": [["staging.estimates", "price"], ["staging.estimates", "tax"]],
        "fixed": [],
    }
