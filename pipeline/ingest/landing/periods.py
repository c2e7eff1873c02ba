"""Counts a table's rows by the time in which they came to be, in the same part of its rows week after week."""

from __future__ import annotations

import duckdb

from pipeline.common.scratch_database import quoted
from pipeline.guards.past_rows import DATED, FIRST_DAY, PERIOD_DAYS
from pipeline.ingest.schema import SourceTable


def count_periods(
    connection: duckdb.DuckDBPyConnection, rows: str, table: SourceTable, held: int
) -> tuple[dict[str, int], int, int]:
    """Return the rows of each period by its number, that one in so many rows was looked at, and of how many tenants.

    `rows` hold one in `held` of the table's rows or more, those of the lowest hashes. Looked at is one in a power of
    two: as the table grows, these rows stay the same ones until it has doubled.
    """
    dated = next((column.name for column in table.columns if column.name in DATED), None)
    if dated is None:
        return {}, 1, 0
    one_in = 1 << (held - 1).bit_length()
    looked_at = f"from {rows} where {quoted(dated)} is not null and key_hash < {2**64 // one_in}::uint128"
    counted = connection.execute(
        f"select datediff('day', date '{FIRST_DAY}', {quoted(dated)}) // {PERIOD_DAYS} as period, count(*) {looked_at} "
        "group by period order by period"
    ).fetchall()
    ((tenants,),) = connection.execute(f"select count(distinct {table.tenant_sql}) {looked_at}").fetchall()
    return {str(period): count for period, count in counted}, one_in, tenants
