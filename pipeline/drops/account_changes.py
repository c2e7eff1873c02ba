"""What happened to each account between two drops of one organization: the table `account_changes`.

A row per account, change and detail: `before` and `after` are texts as the exact CSV writes them. Key: account_id,
change, detail.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Final

import pyarrow as pa

from pipeline.common.scratch_database import create_view, scratch_connection
from pipeline.guards.drop_figures import DropFiles

LEAST_SCORE_CHANGE: Final = 10
"""Points of health_score from which a move is told."""
LEAST_REVENUE_PERCENT: Final = 25
"""Percent of the revenue before from which a move is told."""

SCHEMA: Final = pa.schema(
    [
        pa.field("account_id", pa.int64(), nullable=False),
        pa.field("organization_id", pa.int64(), nullable=False),
        pa.field("change", pa.string(), nullable=False),
        pa.field("before", pa.string()),
        pa.field("after", pa.string()),
        pa.field("detail", pa.string()),
        pa.field("as_of", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("previous_as_of", pa.timestamp("us", tz="UTC"), nullable=False),
    ]
)

OUTCOMES: Final = pa.schema([("estimate_id", pa.string()), ("outcome", pa.string())])
"""What became of each won estimate that ends (the mart `renewal_outcomes`); one that is not there is lost."""


def account_changes(
    organization_id: int, now: DropFiles, before: DropFiles, outcomes: pa.Table | None = None
) -> pa.Table:
    """Return every account's changes in the schema of `account_changes`, in the order of its key.

    Without `outcomes`, the reason why an account is no longer at risk is unknown (null).
    """
    parameters = {
        "organization_id": organization_id,
        "as_of": now.as_of,
        "previous_as_of": before.as_of,
        "segment_year": before.selected_year,
        "least_points": LEAST_SCORE_CHANGE,
        "least_percent": LEAST_REVENUE_PERCENT,
        "is_outcome_known": outcomes is not None,
    }
    with closing(scratch_connection()) as connection:
        for name in READ:
            create_view(connection, f"now_{name}", now.parquet.get(name), before.parquet.get(name))
            create_view(connection, f"before_{name}", before.parquet.get(name), now.parquet.get(name))
        connection.register("outcomes", OUTCOMES.empty_table() if outcomes is None else outcomes)
        return connection.sql(_SQL.read_text(encoding="utf-8"), params=parameters).to_arrow_table().cast(SCHEMA)


READ: Final = ("account_core", "account_revenue_by_year", "accounts", "at_risk_accounts")
_SQL: Final = Path(__file__).with_suffix(".sql")
