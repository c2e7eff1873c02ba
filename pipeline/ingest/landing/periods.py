"""Counts a table's rows by the time in which they came to be, in the same part of its rows week after week."""

from __future__ import annotations

from typing import Final

import duckdb

from pipeline.common.scratch_database import quoted
from pipeline.guards.past_rows import DATED, FIRST_DAY, PERIOD_DAYS
from pipeline.ingest.schema import SourceTable

_USER: Final = "user_id"
_BUSY_PERCENT: Final = 1
"""A user's share of the rows from which on he is known: whoever has less makes no difference."""


def count_periods(
    connection: duckdb.DuckDBPyConnection, rows: str, table: SourceTable, held: int
) -> tuple[dict[str, int], int, int, dict[str, int]]:
    """Return the rows of each period by its number, that one in so many rows was looked at, and of how many tenants.

    The last are the rows of each user who has a good part of them, by tenant and id.

    `rows` hold one in `held` of the table's rows or more, those of the lowest hashes. Looked at is one in a power of
    two: as the table grows, these rows stay the same ones until it has doubled.
    """
    dated = next((column.name for column in table.columns if column.name in DATED), None)
    if dated is None:
        return {}, 1, 0, {}
    one_in = 1 << (held - 1).bit_length()
    looked_at = f"from {rows} where {quoted(dated)} is not null and key_hash < {2**64 // one_in}::uint128"
    counted = connection.execute(
        f"select datediff('day', date '{FIRST_DAY}', {quoted(dated)}) // {PERIOD_DAYS} as period, count(*) {looked_at} "
        "group by period order by period"
    ).fetchall()
    ((tenants,),) = connection.execute(f"select count(distinct {table.tenant_sql}) {looked_at}").fetchall()
    periods = {str(period): count for period, count in counted}
    return periods, one_in, tenants, _busy_users(connection, table, looked_at, sum(periods.values()))


def _busy_users(connection: duckdb.DuckDBPyConnection, table: SourceTable, looked_at: str, rows: int) -> dict[str, int]:
    if not any(column.name == _USER for column in table.columns):
        return {}
    return dict(
        connection.execute(
            f"select concat_ws('/', {table.tenant_sql}, {_USER}), count(*) as rows {looked_at} and {_USER} is not null "
            f"group by all having 100 * rows >= {_BUSY_PERCENT * rows} order by all"
        ).fetchall()
    )
