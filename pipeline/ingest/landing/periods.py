"""Counts sampled rows of a table by the period in which they were created: the same rows week after week."""

from __future__ import annotations

from typing import Final

import duckdb

from pipeline.common.scratch_database import quoted
from pipeline.guards.past_rows import DATED, FIRST_DAY, PERIOD_DAYS
from pipeline.ingest.schema import SourceTable

_USER: Final = "user_id"
_BUSY_PERCENT: Final = 1
"""The least share of the rows, in percent, of a user who is recorded; users with fewer rows make no difference."""


def count_periods(
    connection: duckdb.DuckDBPyConnection, rows: str, table: SourceTable, rows_per_sample: int
) -> tuple[dict[str, int], int, int, dict[str, int]]:
    """Return the number of rows by period, one in how many rows was counted, of how many tenants, and by busy user.

    `rows` contains at least one in `rows_per_sample` of the table's rows, those with the lowest hashes. Of the table,
    one in a power of two is counted, so that the counted rows stay the same until the table has doubled. Users are
    named by tenant and id.
    """
    dated = next((column.name for column in table.columns if column.name in DATED), None)
    if dated is None:
        return {}, 1, 0, {}
    one_in = 1 << (rows_per_sample - 1).bit_length()
    counted_rows = f"from {rows} where {quoted(dated)} is not null and key_hash < {2**64 // one_in}::uint128"
    counted = connection.execute(
        f"select datediff('day', date '{FIRST_DAY}', {quoted(dated)}) // {PERIOD_DAYS} as period, count(*) "
        f"{counted_rows} group by period order by period"
    ).fetchall()
    ((tenants,),) = connection.execute(f"select count(distinct {table.tenant_sql}) {counted_rows}").fetchall()
    periods = {str(period): count for period, count in counted}
    return periods, one_in, tenants, _busy_users(connection, table, counted_rows, sum(periods.values()))


def _busy_users(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, counted_rows: str, rows: int
) -> dict[str, int]:
    if not any(column.name == _USER for column in table.columns):
        return {}
    return dict(
        connection.execute(
            f"select concat_ws('/', {table.tenant_sql}, {_USER}), count(*) as rows {counted_rows} "
            f"and {_USER} is not null group by all having 100 * rows >= {_BUSY_PERCENT * rows} order by all"
        ).fetchall()
    )
