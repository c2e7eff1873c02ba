"""What happened to each account between two drops of one organization: the table `account_changes`.

Its contract is `account_changes.yml` (contracts). A row per account, change and detail; `before` and `after` are texts
as the exact CSV writes them.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.common.errors import WarehouseError
from pipeline.common.scratch_database import create_view, scratch_connection
from pipeline.contracts.changes import account_changes_contract
from pipeline.guards.drop_figures import DropFiles

LEAST_SCORE_CHANGE: Final = 10
"""Points of health_score from which a move is listed."""
LEAST_REVENUE_PERCENT: Final = 25
"""Percent of the revenue before from which a move is listed."""

UNKNOWN: Final = "unknown"
"""The detail of an account that is no longer at risk where nothing says why."""

OUTCOMES: Final = pa.schema([("estimate_id", pa.string()), ("outcome", pa.string())])
"""What became of each estimate (the mart `renewal_outcomes`); one that is not there is lost."""


def account_changes(
    organization_id: int, now: DropFiles, before: DropFiles, outcomes: pa.Table | None = None
) -> pa.Table:
    """Return every account's changes as their contract has them, in the order of its key.

    Without `outcomes`, the reason why an account is no longer at risk is `UNKNOWN`.
    """
    parameters = {
        "organization_id": organization_id,
        "as_of": now.as_of,
        "previous_as_of": before.as_of,
        "segment_year": before.selected_year,
        "least_points": LEAST_SCORE_CHANGE,
        "least_percent": LEAST_REVENUE_PERCENT,
        "is_outcome_known": outcomes is not None,
        "unknown": UNKNOWN,
    }
    with closing(scratch_connection()) as connection:
        for name in READ:
            create_view(connection, f"now_{name}", now.parquet.get(name), before.parquet.get(name))
            create_view(connection, f"before_{name}", before.parquet.get(name), now.parquet.get(name))
        connection.register("outcomes", OUTCOMES.empty_table() if outcomes is None else outcomes)
        found = connection.sql(_SQL.read_text(encoding="utf-8"), params=parameters).to_arrow_table()
        return found.cast(account_changes_contract().arrow_schema)


def require_contract(table: pa.Table, organization_id: int) -> None:
    """WarehouseError where a table of changes breaks its contract: a null, a change or a repeated key."""
    contract = account_changes_contract()
    faults = []
    for column in contract.columns:
        values = table[column.name]
        if values.null_count and not column.nullable:
            faults.append(f"{column.name} is null in {values.null_count:,} rows")
        if column.allowed and (strange := set(pc.unique(values).to_pylist()) - {*column.allowed, None}):
            faults.append(f"{column.name} is {', '.join(sorted(strange))}")
    keys = table.group_by(list(contract.primary_key)).aggregate([])
    if keys.num_rows < table.num_rows:
        faults.append(f"{table.num_rows - keys.num_rows:,} rows repeat another one's {', '.join(contract.primary_key)}")
    if faults:
        raise WarehouseError(
            f"breaks its contract: {'; '.join(faults)}",
            where=f"organization {organization_id}, {contract.name}",
            remedy="nothing was published, the last drops stay; keep the sources, the program is at fault",
        )


READ: Final = ("account_core", "account_revenue_by_year", "accounts", "at_risk_accounts")
_SQL: Final = Path(__file__).with_suffix(".sql")
