"""Finds rows that lose to another row of the same key (source-schema: the latest `updated_at` or else the last wins).

DuckDB searches the key columns, and spills to disk if necessary; the rows themselves are neither read nor changed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from pipeline.common.scratch_database import quoted, read_parquet
from pipeline.ingest.landing.zone import Landing
from pipeline.ingest.schema import SourceTable

_PLACES_OF_A_PART: Final = 2**40
_UNDATED: Final = -(2**62)
"""A number below every timestamp in microseconds."""


@dataclass(frozen=True)
class Losers:
    """Losing rows, or losing cells of rows: the part of each, its position in that part (from 0), and its key."""

    columns: tuple[str, ...]
    parts: np.ndarray
    places: np.ndarray
    keys: pa.Array
    is_cell: bool
    """True: only the cell is nulled (`unique`); False: the row is dropped."""


def find_losers(table: SourceTable, parts: Sequence[Path], landing: Landing) -> list[Losers]:
    """Find all losers among the rows of `parts`, which are in the order of reading."""
    if not (table.key or table.unique or table.unique_rows):
        return []
    with connect(landing) as connection:
        connection.execute(_rows(table, parts))
        found = []
        if table.key:
            found.append(_losers_by(connection, table, table.key, is_cell=False))
        for column in (*table.unique_rows, *table.unique):
            found.append(_losers_by(connection, table, (column,), is_cell=column in table.unique))
        return [losers for losers in found if len(losers.places)]


def find_overtaken(table: SourceTable, parts: Mapping[int, Path], first_new: int, landing: Landing) -> Losers:
    """Find the rows whose key a later part repeats, if that part is `first_new` or comes after it.

    No part repeats its own keys, and the parts before `first_new` do not repeat each other's.
    """
    if not parts:
        return _none(table.key)
    keys = ", ".join(quoted(name) for name in table.key)
    required = {column.name for column in table.columns if column.required}
    same = " and ".join(
        f"earlier.{quoted(name)} {'=' if name in required else 'is not distinct from'} later.{quoted(name)}"
        for name in table.key
    )
    selects = " union all ".join(
        f"select {at} as part, file_row_number as place, {keys} from {read_parquet([path], 'file_row_number = true')}"
        for at, path in parts.items()
    )
    with connect(landing) as connection:
        found = connection.sql(
            f"""
            with all_rows as ({selects}),
            later as (select {keys}, max(part) as part from all_rows where part >= {first_new} group by {keys})
            select earlier.part, earlier.place, {_shown(table.key, "earlier")} as shown
            from all_rows as earlier inner join later on {same}
            where earlier.part < later.part
            order by earlier.part, earlier.place
            """
        ).to_arrow_table()
    return _losers(found, table.key, is_cell=False)


def _none(key: tuple[str, ...]) -> Losers:
    nothing = np.array([], dtype=np.int64)
    return Losers(key, nothing, nothing, pa.array([], pa.string()), is_cell=False)


def _losers(found: pa.Table, key: tuple[str, ...], *, is_cell: bool) -> Losers:
    return Losers(
        key,
        found["part"].to_numpy().astype(np.int64),
        found["place"].to_numpy().astype(np.int64),
        found["shown"].combine_chunks(),
        is_cell,
    )


def _shown(key: Sequence[str], relation: str) -> str:
    """Return the SQL of a key's text for the rejects."""
    return f"concat_ws(' / ', {', '.join(f'cast({relation}.{quoted(name)} as varchar)' for name in key)})"


def _rows(table: SourceTable, parts: Sequence[Path]) -> str:
    """Return SQL that creates views of the deciding columns of all rows, and a table of the rows that already lost."""
    columns = ", ".join(quoted(name) for name in dict.fromkeys((*table.key, *table.unique_rows, *table.unique)))
    is_dated = any(column.name == "updated_at" for column in table.columns)
    selects = [
        f"select {at} as part, file_row_number as place, {_rank(at, is_dated=is_dated)} as rank, {columns} "
        f"from {read_parquet([path], 'file_row_number = true')}"
        for at, path in enumerate(parts)
    ]
    return f"""
        create view all_rows as {" union all ".join(selects)};
        create table gone as select rank from all_rows limit 0;
        create view standing as select * from all_rows anti join gone using (rank);
    """


def _rank(part: int, *, is_dated: bool) -> str:
    """Return the SQL of a row's rank: by `updated_at` if there is one, then by order. The highest of a key wins."""
    order = f"({part * _PLACES_OF_A_PART}::bigint + file_row_number)"
    if not is_dated:
        return order
    return f"(coalesce(epoch_us(updated_at), {_UNDATED})::hugeint * {2**64}::hugeint + {order})"


def _losers_by(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, key: tuple[str, ...], *, is_cell: bool
) -> Losers:
    """Find the losers of one key among the remaining rows. Nulls count as values in keys, but not in unique columns."""
    names = [quoted(name) for name in key]
    keys = ", ".join(names)
    same = " and ".join(f"standing.{name} is not distinct from repeated.{name}" for name in names)
    present = "true" if key == table.key else f"{keys} is not null"
    lost = connection.sql(
        f"""
        with repeated as (
            select {keys}, max(rank) as highest from standing where {present} group by {keys} having count(*) > 1
        )
        select part, place, {_shown(key, "standing")} as shown, rank
        from standing inner join repeated on {same}
        where rank < highest
        order by part, place
        """
    ).to_arrow_table()
    if not is_cell and (table.unique_rows or table.unique):
        connection.register("lost", lost)
        connection.execute("insert into gone select rank from lost")
        connection.unregister("lost")
    return _losers(lost, key, is_cell=is_cell)


@contextmanager
def connect(landing: Landing) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database for a few queries."""
    with landing.spill_folder() as spill:
        connection = duckdb.connect(
            config={"memory_limit": landing.memory_limit, "threads": landing.threads, "temp_directory": str(spill)}
        )
        connection.execute("set enable_progress_bar = false")  # it would write to standard output
        try:
            yield connection
        finally:
            connection.close()
