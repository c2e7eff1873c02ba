"""Counts the cells of a table that another table also has, and those that differ there."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from pipeline.common.scratch_database import quoted, read_parquet
from pipeline.guards.copies import COPIES
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.schema import TENANT, SourceTable


def count_unlike_copies(
    connection: duckdb.DuckDBPyConnection, rows: str, table: SourceTable, others: Sequence[LandedTable]
) -> tuple[dict[str, int], dict[str, int]]:
    """Count, by column, the cells in `rows` that have a copy in one of the `others`, and those that differ from it.

    Texts are compared case-insensitively and trimmed, as the rules read them.
    """
    copies = COPIES.get(table.shown_name)
    target = next((other for other in others if copies and other.table.shown_name == copies.target.name), None)
    if copies is None or target is None or not target.parts:
        return {}, {}
    counted = ", ".join(
        f"count(*) filter (where {_text('ours', ours)} is not null and {_text('theirs', theirs)} is not null), "
        f"count(*) filter (where {_text('ours', ours)} <> {_text('theirs', theirs)})"
        for ours, theirs in copies.columns.items()
    )
    is_same = f"ours.{quoted(copies.reference)} = theirs.{quoted(copies.target.column)}"
    if table.has_tenant and target.table.has_tenant:
        is_same += f" and ours.{TENANT} = theirs.{TENANT}"
    parts = read_parquet(target.parts, "union_by_name = true")
    (row,) = connection.execute(
        f"select {counted} from {rows} as ours inner join {parts} as theirs on {is_same}"
    ).fetchall()
    return dict(zip(copies.columns, row[::2], strict=True)), dict(zip(copies.columns, row[1::2], strict=True))


def _text(table: str, column: str) -> str:
    text = f"lower(trim(cast({table}.{quoted(column)} as varchar)))"
    return f"nullif(split_part({text}, '@', 2), '')" if column == "email" else text
