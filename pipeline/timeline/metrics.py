"""Measures a drop for `metric_history`: counts and sums, each with the export that it needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

import duckdb
import pyarrow as pa

_COUNTED: Final = pa.schema(
    [("drop_number", pa.int64()), ("metric", pa.string()), ("dimension", pa.string()), ("value", pa.int64())]
)

_MEASURED: Final[tuple[tuple[str, str, str], ...]] = (
    ("accounts", "account_core", "select number, 'all', count(account_id) from of_drops group by number"),
    (
        "accounts_by_health",
        "account_core",
        "select number, coalesce(health_score_label, 'none'), count(*) from of_drops where account_id is not null "
        "group by all",
    ),
    ("revenue", "account_core", "select number, 'all', coalesce(sum(revenue), 0) from of_drops group by number"),
    (
        "accounts_by_segment",
        "account_revenue_by_year",
        "select number, segment, count(*) from of_drops where year = selected_year group by all",
    ),
    (
        "revenue_by_segment",
        "account_revenue_by_year",
        "select number, segment, sum(revenue) from of_drops where year = selected_year group by all",
    ),
    ("at_risk_accounts", "at_risk_accounts", "select number, 'all', count(account_id) from of_drops group by number"),
    (
        "at_risk_value",
        "at_risk_accounts",
        "select number, 'all', coalesce(sum(estimate_value), 0) from of_drops group by number",
    ),
)
"""Each metric, the export that it needs, and the query for its dimensions and values by drop.

`of_drops` joins all drops with the export's rows; a drop without rows has one row of nulls.
"""


def drop_metrics(
    connection: duckdb.DuckDBPyConnection, exports: Collection[str], manifests: Sequence[Mapping[str, Any]]
) -> pa.Table:
    """Return the metrics of drops, sorted by drop, metric and dimension.

    The view `drops` has the drops, numbered from 0 in the order of their manifests; the views `now_<export>` have the
    rows of their exports. If an export is missing, its metrics are left out: they are unknown, not 0.
    """
    counted = [
        {"drop_number": number, "metric": metric, "dimension": dimension, "value": value}
        for number, manifest in enumerate(manifests)
        for metric, dimension, value in _of_manifest(manifest)
    ]
    connection.register("counted", pa.Table.from_pylist(counted, _COUNTED))
    queries = ["select drop_number, metric, dimension, value::decimal(24, 6) as value from counted"]
    for metric, export, query in _MEASURED:
        if export in exports:
            of_drops = f"with of_drops as (from drops left join now_{export} on number = drop_number)"
            queries.append(
                f"select drop_number, '{metric}', dimension, value::decimal(24, 6) "
                f"from ({of_drops} {query}) as measured (drop_number, dimension, value)"
            )
    return connection.sql(
        f"""
        select drop_number, organization_id, as_of, metric, dimension, value, drop_name
        from ({" union all ".join(queries)}) as measured
        inner join drops on drop_number = number
        order by drop_number, metric, dimension
        """
    ).to_arrow_table()


def _of_manifest(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    """Yield the number of rows of each export, and of the guards' findings by level."""
    for file in manifest["files"]:
        if file["name"].endswith(".parquet"):
            yield "rows", file["export"], file["rows"]
    for level, count in Counter(finding["level"] for finding in manifest.get("guards") or ()).items():
        yield "findings", level, count
