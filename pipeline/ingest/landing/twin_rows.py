"""Counts the rows of a table that repeat another row under a different id."""

from __future__ import annotations

import duckdb

from pipeline.common.scratch_database import quoted
from pipeline.ingest.landing.drawn_rows import IDS, identifying_column
from pipeline.ingest.landing.landed_table import LandedTable


def count_twins(connection: duckdb.DuckDBPyConnection, landed: LandedTable) -> tuple[int, int]:
    """Return how many sampled rows were compared, and how many of them repeat another row except for its id.

    Only tables with creation times or names are compared, because otherwise different rows may be equal.
    """
    if identifying_column(landed) is None:
        return 0, 0
    facts = ", ".join(quoted(column.name) for column in landed.table.columns if column.name not in IDS)
    (row,) = connection.execute(
        "select coalesce(sum(rows), 0), coalesce(sum(rows - 1), 0) "
        f"from (select count(*) as rows from compared_rows group by {facts})"
    ).fetchall()
    return int(row[0]), int(row[1])
