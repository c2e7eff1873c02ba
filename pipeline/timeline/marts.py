"""Makes the marts of the timeline from the records of drops.

No model builds them, because they span many runs; their contracts are in `contracts/timeline`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from pipeline.common.scratch_database import read_parquet, scratch_connection
from pipeline.contracts.timeline import timeline_contract
from pipeline.timeline.published_line import Instant
from pipeline.timeline.record import ACCOUNTS, LEFT, LIST, METRICS
from pipeline.timeline.timeline import Timeline

EPISODES: Final = "at_risk_episodes"
AUDIT: Final = "at_risk_audit"

_HERE: Final = Path(__file__).parent
_SHAPES: Final = {
    ACCOUNTS: "null::bigint as organization_id, null::varchar as drop_name, null::bigint as account_id, "
    "null::varchar as crm_account_id",
    LIST: "null::bigint as organization_id, null::varchar as account_id, null::timestamp as as_of, "
    "null::bigint as platform_account_id, null::varchar as account_name, null::varchar as estimate_id, "
    "null::varchar as estimate_number, null::date as renewal_date, null::integer as days_until_renewal, "
    "null::decimal(12, 2) as estimate_value, null::varchar as revenue_segment, "
    "null::decimal(18, 2) as annual_revenue, null::varchar as drop_name",
    LEFT: "null::bigint as organization_id, null::varchar as drop_name, null::bigint as account_id, "
    "null::varchar as reason",
}
"""The columns of these tables, for a timeline in which no record has them."""


@dataclass(frozen=True)
class TimelineMarts:
    """The rows of three marts, and the Parquet files of `account_history` by organization and drop."""

    accounts: Mapping[tuple[int, str], Path]
    rows: Mapping[str, pa.Table]


def timeline_marts(timeline: Timeline, latest: Mapping[int, str | None]) -> TimelineMarts:
    """Make the marts of all instants; `latest` is the drop that `latest` of each organization names, or will name."""
    instants = timeline.instants(latest)
    with _opened(timeline, instants) as connection:
        connection.execute((_HERE / "at_risk_views.sql").read_text(encoding="utf-8"))
        rows = {name: _rows(connection, name) for name in (AUDIT, EPISODES)}
    return TimelineMarts(_files(timeline, instants, ACCOUNTS), {**rows, METRICS: _metrics(timeline, instants)})


def _rows(connection: duckdb.DuckDBPyConnection, mart: str) -> pa.Table:
    found = connection.sql((_HERE / f"{mart}.sql").read_text(encoding="utf-8")).to_arrow_table()
    return found.cast(timeline_contract(mart).mart_schema)


def _metrics(timeline: Timeline, instants: Sequence[Instant]) -> pa.Table:
    schema = timeline_contract(METRICS).mart_schema
    files = list(_files(timeline, instants, METRICS).values())
    if not files:
        return schema.empty_table()
    with closing(scratch_connection()) as connection:
        order = "order by organization_id, as_of, metric, dimension"
        return connection.sql(f"from {read_parquet(files)} {order}").to_arrow_table().cast(schema)


def _files(timeline: Timeline, instants: Sequence[Instant], table: str) -> dict[tuple[int, str], Path]:
    """Return the file of a table for each instant, from the record of the drop that counts, if it has one."""
    found = {}
    for instant in instants:
        path = timeline.of(instant.organization_id, instant.drops[0]) / f"{table}.parquet"
        if path.exists():
            found[instant.organization_id, instant.drops[0]] = path
    return found


@contextmanager
def _opened(timeline: Timeline, instants: Sequence[Instant]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the records as the views that the queries read."""
    numbered = list(_numbered(instants))
    left = [timeline.of(one.organization_id, name) / f"{LEFT}.parquet" for _, one in numbered for name in one.drops]
    views = {
        "histories": (ACCOUNTS, list(_files(timeline, instants, ACCOUNTS).values())),
        "at_risk_list": (LIST, list(_files(timeline, instants, LIST).values())),
        "left_list": (LEFT, left),
    }
    with closing(scratch_connection()) as connection:
        connection.register("instants", _instants(numbered))
        connection.register("drops", _drops(numbered))
        for view, (table, files) in views.items():
            rows = (
                f"from {read_parquet(files, 'union_by_name = true')}" if files else f"select {_SHAPES[table]} limit 0"
            )
            connection.execute(f"create or replace temp view {view} as {rows}")
        yield connection


def _numbered(instants: Sequence[Instant]) -> Iterator[tuple[int, Instant]]:
    """Number each organization's instants from 0."""
    counts: dict[int, int] = {}
    for instant in instants:
        position = counts.get(instant.organization_id, 0)
        counts[instant.organization_id] = position + 1
        yield position, instant


def _instants(numbered: Sequence[tuple[int, Instant]]) -> pa.Table:
    rows = [
        {
            "organization_id": instant.organization_id,
            "position": position,
            "as_of": instant.as_of,
            "drop_name": instant.drops[0],
        }
        for position, instant in numbered
    ]
    return pa.Table.from_pylist(rows, _INSTANTS)


def _drops(numbered: Sequence[tuple[int, Instant]]) -> pa.Table:
    rows = [
        {"organization_id": instant.organization_id, "position": position, "drop_name": name, "rank": rank}
        for position, instant in numbered
        for rank, name in enumerate(instant.drops)
    ]
    return pa.Table.from_pylist(rows, _DROPS)


_INSTANTS: Final = pa.schema(
    [
        ("organization_id", pa.int64()),
        ("position", pa.int64()),
        ("as_of", pa.timestamp("us")),
        ("drop_name", pa.string()),
    ]
)
_DROPS: Final = pa.schema(
    [("organization_id", pa.int64()), ("position", pa.int64()), ("drop_name", pa.string()), ("rank", pa.int64())]
)
