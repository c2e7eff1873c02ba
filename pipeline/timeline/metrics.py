"""What is counted of a drop for `metric_history`: a table of counts and sums, each of the exports that it needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

METRIC_SHAPE: Final = pa.schema([("metric", pa.string()), ("dimension", pa.string()), ("value", pa.decimal128(24, 6))])
ALL: Final = "all"

_MEASURED: Final[tuple[tuple[str, tuple[str, ...], str], ...]] = (
    ("accounts", ("account_core",), "select 'all', count(*) from now_account_core"),
    (
        "accounts_by_health",
        ("account_core",),
        "select coalesce(health_score_label, 'none'), count(*) from now_account_core group by 1",
    ),
    ("revenue", ("account_core",), "select 'all', coalesce(sum(revenue), 0) from now_account_core"),
    (
        "accounts_by_segment",
        ("account_revenue_by_year",),
        "select segment, count(*) from now_account_revenue_by_year where year = $selected_year group by 1",
    ),
    (
        "revenue_by_segment",
        ("account_revenue_by_year",),
        "select segment, sum(revenue) from now_account_revenue_by_year where year = $selected_year group by 1",
    ),
    ("at_risk_accounts", ("at_risk_accounts",), "select 'all', count(*) from now_at_risk_accounts"),
    (
        "at_risk_value",
        ("at_risk_accounts",),
        "select 'all', coalesce(sum(estimate_value), 0) from now_at_risk_accounts",
    ),
)
"""Each metric, the exports that it needs, and the query of its dimensions and values."""


def drop_metrics(
    connection: duckdb.DuckDBPyConnection, files: Mapping[str, Path], manifest: Mapping[str, Any], selected_year: int
) -> pa.Table:
    """Count what a drop holds, whose exports are the views `now_<export>`; sorted by metric and dimension.

    What the drop has no export for is not counted, because nothing is not none.
    """
    rows = [*_of_manifest(manifest)]
    for metric, needed, query in _MEASURED:
        if files.keys() >= {*needed}:
            parameters = {"selected_year": selected_year} if "$selected_year" in query else {}
            rows += [
                (metric, dimension, value) for dimension, value in connection.execute(query, parameters).fetchall()
            ]
    values = [dict(zip(METRIC_SHAPE.names, row, strict=True)) for row in sorted(rows, key=lambda row: row[:2])]
    return pa.Table.from_pylist(values, METRIC_SHAPE)


def _of_manifest(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    """Count each export's rows, and what the guards found by its level."""
    for file in manifest["files"]:
        if file["name"].endswith(".parquet"):
            yield "rows", file["export"], file["rows"]
    for level, count in Counter(finding["level"] for finding in manifest.get("guards") or ()).items():
        yield "findings", level, count
