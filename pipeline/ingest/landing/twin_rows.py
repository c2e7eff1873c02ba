"""Counts the rows of a table that are there twice, under different ids: brought again by whoever issues the ids."""

from __future__ import annotations

from typing import Final

import duckdb

from pipeline.common.scratch_database import quoted, read_parquet
from pipeline.guards.past_rows import DATED
from pipeline.ingest.landing.landed_table import LandedTable

_LOOKED_AT: Final = 20_000
_FEWEST: Final = 5
"""Columns of a file; rows that say less may well be alike."""
_IDS: Final = frozenset({"id", "lmn_estimate_id", "estimate_number"})
"""What a row that is brought again has a new value of."""


def count_twins(connection: duckdb.DuckDBPyConnection, landed: LandedTable) -> tuple[int, int]:
    """Return how many rows were compared, and how many of them repeat another one in all but its id.

    Only rows that say when they came to be are: two that agree in that and in all else are one. Those of some instants
    alone are looked at, which both of two twins are or neither is.
    """
    columns = [column.name for column in landed.table.columns]
    dated = next((name for name in columns if name in DATED), None)
    if dated is None or not _IDS.intersection(landed.table.key) or len(landed.matched) < _FEWEST:
        return 0, 0
    every = max(1, landed.loaded // _LOOKED_AT)
    said = ", ".join(quoted(name) for name in columns if name not in _IDS)
    (row,) = connection.execute(
        f"select coalesce(sum(rows), 0), coalesce(sum(rows - 1), 0) from ("
        f"select count(*) as rows from {read_parquet(landed.parts, 'union_by_name = true')} "
        f"where {quoted(dated)} is not null and hash({quoted(dated)}) % {every} = 0 group by {said})"
    ).fetchall()
    return int(row[0]), int(row[1])
