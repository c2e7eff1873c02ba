"""Counts the ids in a table that refer to other tables, and those of them that match no row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import duckdb

from pipeline.common.scratch_database import quoted, read_parquet
from pipeline.guards.copies import COPIES
from pipeline.guards.references import Reference, Target, references_of
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.schema import TENANT, SourceTable

_ENOUGH: Final = 20
"""An organization with fewer ids is not counted separately."""
_MOST: Final = 50
"""The percentage of an organization's unknown ids above which it is recorded."""


def referred_to(landed: LandedTable, tables: Sequence[LandedTable]) -> list[LandedTable]:
    """Return the configured tables to which a table's ids refer, or which have copies of its columns."""
    name = landed.table.shown_name
    names = {target.name for reference in references_of(name) for target in reference.targets}
    names |= {COPIES[name].target.name} if name in COPIES else set()
    return [table for table in tables if table.is_configured and table.table.shown_name in names]


def count_unknown_ids(
    connection: duckdb.DuckDBPyConnection, rows: str, table: SourceTable, others: Sequence[LandedTable]
) -> tuple[dict[str, int], dict[str, int], dict[str, dict[str, int]]]:
    """Count, by column, the ids in `rows` that refer to the `others`, and those of them that match no row.

    A column is only counted if the first table to which it refers is among the `others`. The third result has, by
    column, the organizations most of whose ids match no row, with the percentage.
    """
    referring, unknown, lost = {}, {}, {}
    by_name = {other.table.shown_name: other for other in others}
    for reference in references_of(table.shown_name):
        targets = [(target, by_name[target.name]) for target in reference.targets if target.name in by_name]
        if targets and targets[0][0] is reference.targets[0]:
            column, known = quoted(reference.column), " and ".join(_is_absent(reference, *each) for each in targets)
            counted = connection.execute(
                f"select {table.tenant_sql}, count({column}), count(*) filter (where {column} is not null and {known}) "
                f"from {rows} as ours group by 1 order by 1"
            ).fetchall()
            referring[reference.column] = sum(asked for _, asked, _ in counted)
            unknown[reference.column] = sum(absent for _, _, absent in counted)
            tenants = {str(one): 100 * absent // asked for one, asked, absent in counted if asked >= _ENOUGH}
            if most := {one: share for one, share in tenants.items() if share > _MOST and len(counted) > 1}:
                lost[reference.column] = most
    return referring, unknown, lost


def _is_absent(reference: Reference, target: Target, landed: LandedTable) -> str:
    """Return a SQL condition: an id matches no row of a target, of the same tenant if the target's rows name one."""
    theirs = f"theirs.{quoted(target.column)}"
    if target.prefix:
        theirs = f"'{target.prefix}' || {theirs}"
    is_same = f"{theirs} = ours.{quoted(reference.column)}"
    if landed.table.has_tenant:
        is_same += f" and theirs.{TENANT} = ours.{TENANT}"
    if not landed.parts:
        return "true"
    parts = read_parquet(landed.parts, "union_by_name = true")
    return f"not exists (select 1 from {parts} as theirs where {is_same})"
