"""What a record keeps of a few rows of a landed table, the same ones week after week: cells and words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import duckdb

from pipeline.common.scratch_database import quoted, read_parquet
from pipeline.guards.column_pairs import PAIRS
from pipeline.guards.compared_columns import MOVING, NAMES, PERSONAL, WORDS, is_personal
from pipeline.guards.references import references_of
from pipeline.guards.source_profile import SampledRows
from pipeline.ingest.landing.known_ids import count_unknown_ids
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.landing.periods import count_periods
from pipeline.ingest.landing.unlike_copies import count_unlike_copies
from pipeline.ingest.schema import Column, Kind, SourceTable

_IN_CLEAR: Final = frozenset({Kind.BOOL, Kind.DATE, Kind.TIMESTAMP})
_CLEAR_CELLS: Final = 40
"""Cells of a flag, day or instant: of a day and month that changed places one in twenty is looked for."""
_HASHED: Final = frozenset({Kind.ID, Kind.KEY, Kind.MONEY, Kind.RATE, Kind.SCORE})
_TEXTS: Final = frozenset({Kind.TEXT, Kind.TRIMMED, Kind.TAGS})
_HASHED_CELLS: Final = 20
_FIRST: Final = 200
"""Rows of the lowest hashes in which most columns have as many cells as are sampled."""
_LOOKED_AT: Final = 4_000
"""Rows in which words are counted, and a column is looked for that has too few cells in the first ones."""
_ENOUGH_WORDS: Final = 50
"""Cells of an organization in which its words are counted alone."""
_MOST_WORDS: Final = 50
"""A column with more different texts holds no words that rules know."""


def sample_rows(
    connection: duckdb.DuckDBPyConnection, landed: LandedTable, others: Sequence[LandedTable] = ()
) -> SampledRows:
    """Take the rows of the lowest hashes: their cells, the words among them, and the ids that are not in `others`.

    To look for cells among the lowest hashes first takes 0.9 s of CPU for 22 million rows instead of 2.5 (2026-11-29).
    A flag or date that has too few cells there is looked for in all rows.
    """
    key = _key(landed.table)
    columns = [column for column in landed.table.columns if _is_compared(landed.table, column)]
    if not key or not columns:
        return SampledRows()
    parts = read_parquet(landed.parts, "union_by_name = true")
    asked = {*landed.table.key, *(reference.column for reference in references_of(landed.table.shown_name))}
    also_asked = [column for column in landed.table.columns if column.name in asked]
    names = ", ".join(dict.fromkeys(quoted(column.name) for column in (*columns, *also_asked)))
    rows = f"(select hash({', '.join(map(quoted, key))}) as key_hash, {names} from {parts})"
    lowest = 2**64 * _LOOKED_AT // landed.loaded
    connection.execute(f"create or replace temp table lowest_hashes as from {rows} where key_hash < {lowest}::uint128")
    cells = _first_cells(connection, landed.table, columns)
    for column in columns:
        wanted = _wanted(column)
        if len(cells[column.name]) < wanted:
            cells[column.name] = _cells(connection, "lowest_hashes", landed.table, column)
        if len(cells[column.name]) < wanted and column.kind in _IN_CLEAR:
            cells[column.name] = _cells(connection, rows, landed.table, column)
    counted = {column.name: _words(connection, landed.table, column) for column in columns if column.name in WORDS}
    words = {name: _summed(found) for name, found in counted.items() if found}
    tenants = {name: _tenants(counted[name]) for name in words}
    held = -(-landed.loaded // _LOOKED_AT)
    periods, one_in, sampled_tenants = count_periods(connection, "lowest_hashes", landed.table, held)
    referring, unknown_ids, lost_tenants = count_unknown_ids(connection, "lowest_hashes", landed.table, others)
    pairs, reversed_pairs = _count_pairs(connection, landed.table)
    copies, unlike_copies = count_unlike_copies(connection, "lowest_hashes", landed.table, others)
    return SampledRows(
        cells={name: found for name, found in cells.items() if found},
        words=words,
        referring=referring,
        unknown_ids=unknown_ids,
        lost_tenants=lost_tenants,
        pairs=pairs,
        reversed_pairs=reversed_pairs,
        copies=copies,
        unlike_copies=unlike_copies,
        periods=periods,
        sampled_one_in=one_in,
        sampled_tenants=sampled_tenants,
        tenants_words={name: found for name, found in tenants.items() if found},
    )


def _key(table: SourceTable) -> Iterable[str]:
    return table.key or [column.name for column in table.columns if column.kind in (Kind.ID, Kind.KEY)]


def _is_compared(table: SourceTable, column: Column) -> bool:
    if column.kind in _IN_CLEAR:
        return True
    is_text = column.kind in _TEXTS and column.name in NAMES | WORDS | PERSONAL
    is_steady = column.name not in MOVING and (column.kind in _HASHED or is_text)
    return is_steady and column.name not in table.key


def _wanted(column: Column) -> int:
    return _CLEAR_CELLS if column.kind in _IN_CLEAR else _HASHED_CELLS


def _cell(table: SourceTable, column: Column) -> str:
    """Return the SQL of what is kept of a cell: a flag, day, instant, a length (of texts about people), else a hash."""
    text = f"cast({quoted(column.name)} as varchar)"
    if column.kind in _TEXTS and is_personal(table.name, column.name):
        return f"cast(length({text}) as varchar)"
    return text if column.kind in _IN_CLEAR else f"left(md5({text}), 6)"


def _first_cells(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, columns: list[Column]
) -> dict[str, dict[str, str]]:
    """Take every column's cells from the same few rows."""
    cells = ", ".join(_cell(table, column) for column in columns)
    rows = connection.execute(
        f"select cast(key_hash % 4294967296 as varchar), {cells} "
        f"from (from lowest_hashes order by all limit {_FIRST}) order by key_hash"
    ).fetchall()
    found = {}
    for at, column in enumerate(columns, 1):
        filled = [(row[0], row[at]) for row in rows if row[at] is not None]
        found[column.name] = dict(filled[: _wanted(column)])
    return found


def _cells(connection: duckdb.DuckDBPyConnection, rows: str, table: SourceTable, column: Column) -> dict[str, str]:
    return dict(
        connection.execute(
            f"select cast(key_hash % 4294967296 as varchar), {_cell(table, column)} from {rows} "
            f"where {quoted(column.name)} is not null order by key_hash, 2 limit {_wanted(column)}"
        ).fetchall()
    )


def _words(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, column: Column
) -> dict[int | None, dict[str, int]]:
    """Count the cells of each word by organization; of a column that has many words nothing is known."""
    name = f"trim({quoted(column.name)})"
    found: dict[int | None, dict[str, int]] = defaultdict(dict)
    for word, organization_id, cells in connection.execute(
        f"select {name}, {table.tenant_sql}, count(*) from lowest_hashes where {name} <> '' "
        "group by all order by 3 desc, 1, 2"
    ).fetchall():
        found[organization_id][word] = cells
    return found if len({word for words in found.values() for word in words}) <= _MOST_WORDS else {}


def _summed(counted: Mapping[int | None, Mapping[str, int]]) -> dict[str, int]:
    """Add up the words of all organizations, the most frequent first."""
    total: Counter[str] = Counter()
    for words in counted.values():
        total.update(words)
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))


def _tenants(counted: Mapping[int | None, Mapping[str, int]]) -> dict[str, Mapping[str, int]]:
    """Return the words of organizations that have enough cells, where there are several."""
    return {
        str(one): words
        for one, words in sorted(counted.items(), key=str)
        if len(counted) > 1 and sum(words.values()) >= _ENOUGH_WORDS
    }


def _count_pairs(connection: duckdb.DuckDBPyConnection, table: SourceTable) -> tuple[dict[str, int], dict[str, int]]:
    """Count the rows that have both columns of a pair, and those that have them the other way round."""
    pairs = PAIRS.get(table.shown_name, {})
    if not pairs:
        return {}, {}
    counted = ", ".join(
        f"count({quoted(column)} - {quoted(least)}), count(*) filter (where {quoted(column)} < {quoted(least)})"
        for column, least in pairs.items()
    )
    (row,) = connection.execute(f"select {counted} from lowest_hashes").fetchall()
    return dict(zip(pairs, row[::2], strict=True)), dict(zip(pairs, row[1::2], strict=True))
