"""What the guards know of a landed table: counts from footers, of true flags, of unread cells; never a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime

import duckdb
import pyarrow.parquet as pq

from pipeline.common.null_counts import count_nulls
from pipeline.common.scratch_database import quoted, read_parquet, scratch_connection
from pipeline.guards.source_profile import TableProfile
from pipeline.ingest.landing.zone import LandedTable
from pipeline.ingest.schema import Kind
from pipeline.ingest.values.typed_cell import NULLED


def profile_tables(landed: Sequence[LandedTable], newest: Mapping[str, datetime | None]) -> list[TableProfile]:
    """Return each table's profile; `newest` is the latest recorded instant of each table by its qualified name."""
    with closing(scratch_connection()) as connection:
        return [_profile(connection, table, newest.get(table.table.qualified_name)) for table in landed]


def _profile(connection: duckdb.DuckDBPyConnection, landed: LandedTable, newest: datetime | None) -> TableProfile:
    table = landed.table
    return TableProfile(
        source=table.source,
        table=table.name,
        is_configured=landed.is_configured,
        read=landed.read,
        loaded=landed.loaded,
        rejected=landed.rejected,
        columns=tuple(column.name for column in table.columns),
        headers=tuple(column.name for column in table.columns if column.name in landed.matched),
        values=_values(landed) if landed.loaded else {},
        unread=_unread(connection, landed),
        trues=_trues(connection, landed) if landed.loaded else {},
        unknown=dict(landed.unknown),
        newest=newest,
    )


def _values(landed: LandedTable) -> dict[str, int]:
    """Count the cells of each column that are not null."""
    counts = dict.fromkeys((column.name for column in landed.table.columns), 0)
    for part in landed.parts:
        with part.open("rb") as file:
            found = count_nulls(file)
        if found is None:  # a footer without statistics, as some tools write them: only reading tells
            table = pq.read_table(part, columns=list(counts))
            nulls = {name: table[name].null_count for name in counts}
            rows = table.num_rows
        else:
            nulls, rows = found.nulls, found.rows
        for name in counts:
            counts[name] += rows - nulls.get(name, rows)
    return counts


def _unread(connection: duckdb.DuckDBPyConnection, landed: LandedTable) -> dict[str, int]:
    """Count the cells of each column that could not be read."""
    if not landed.rejects:
        return {}
    return dict(
        connection.execute(
            f"select column_name, count(*) from {read_parquet(landed.rejects)} "
            "where action = $action and column_name is not null group by column_name order by column_name",
            {"action": NULLED},
        ).fetchall()
    )


def _trues(connection: duckdb.DuckDBPyConnection, landed: LandedTable) -> dict[str, int]:
    """Count each flag's true cells."""
    flags = [column.name for column in landed.table.columns if column.kind is Kind.BOOL]
    if not flags:
        return {}
    counted = ", ".join(f"count(*) filter (where {quoted(flag)})" for flag in flags)
    (row,) = connection.execute(
        f"select {counted} from {read_parquet(landed.parts, 'union_by_name = true')}"
    ).fetchall()
    return dict(zip(flags, map(int, row), strict=True))
