"""Counts a table's rows by the time in which they came to be, in the same part of its rows week after week."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from pipeline.common.scratch_database import quoted
from pipeline.guards.past_rows import DATED, FIRST_DAY, PERIOD_DAYS


def count_periods(
    connection: duckdb.DuckDBPyConnection, rows: str, columns: Iterable[str], held: int
) -> tuple[dict[str, int], int]:
    """Return the rows of each period by its number, and that one in so many rows was looked at.

    `rows` hold one in `held` of the table's rows or more, those of the lowest hashes. Looked at is one in a power of
    two: as the table grows, these rows stay the same ones until it has doubled.
    """
    dated = next((name for name in columns if name in DATED), None)
    if dated is None:
        return {}, 1
    one_in = 1 << (held - 1).bit_length()
    counted = connection.execute(
        f"select datediff('day', date '{FIRST_DAY}', {quoted(dated)}) // {PERIOD_DAYS} as period, count(*) from {rows} "
        f"where {quoted(dated)} is not null and key_hash < {2**64 // one_in}::uint128 group by period order by period"
    ).fetchall()
    return {str(period): count for period, count in counted}, one_in
