"""Samples cells and words of a few rows of a landed table, the same rows week after week, for the run's record."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import duckdb

from pipeline.common.scratch_database import quoted, read_parquet
from pipeline.guards.column_pairs import PAIRS
from pipeline.guards.compared_columns import WORDS, is_personal
from pipeline.guards.gone_rows import LASTING, LOOKED_UP
from pipeline.guards.source_profile import SampledRows
from pipeline.ingest.landing.drawn_rows import IN_CLEAR, SAMPLED, TEXTS, is_compared, key_hash_of
from pipeline.ingest.landing.known_ids import count_unknown_ids
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.landing.odd_texts import count_garbled, count_test_rows
from pipeline.ingest.landing.periods import count_periods
from pipeline.ingest.landing.unlike_copies import count_unlike_copies
from pipeline.ingest.schema import Column, Kind, SourceTable

_CLEAR_CELLS: Final = 40
"""Sampled cells of a flag, date or timestamp. With so many, one in twenty swapped dates is found."""
_HASHED_CELLS: Final = 20
_CELL_FORM: Final = 2
"""The version of the form in which cells are recorded. Cells of different versions are not compared."""
_ENOUGH_WORDS: Final = 50
"""The least number of cells with which an organization's words are counted separately."""
_MOST_WORDS: Final = 50
"""A column with more different texts has no limited vocabulary."""


def sample_rows(
    connection: duckdb.DuckDBPyConnection, landed: LandedTable, others: Sequence[LandedTable] = ()
) -> SampledRows:
    """Measure the sampled rows: their cells, words, and ids that match no row of the `others`.

    For a flag or date with too few cells in the sample, cells are taken from all rows.
    """
    columns = [column for column in landed.table.columns if is_compared(landed.table, column)]
    cells = _cells(connection, "lowest_hashes", landed.table, columns)
    sparse = [column for column in columns if column.kind in IN_CLEAR and len(cells[column.name]) < _CLEAR_CELLS]
    if landed.loaded > SAMPLED and sparse:
        names = ", ".join(quoted(column.name) for column in sparse)
        parts = read_parquet(landed.parts, "union_by_name = true")
        rows = f"(select {key_hash_of(landed.table)} as key_hash, {names} from {parts})"
        cells |= _cells(connection, rows, landed.table, sparse)
    counted = _words(connection, landed.table, [column.name for column in columns if column.name in WORDS])
    words = {name: _summed(found) for name, found in counted.items() if found}
    tenants = {name: _tenants(counted[name]) for name in words}
    rows_per_sample = -(-landed.loaded // SAMPLED)
    periods, one_in, sampled_tenants, users = count_periods(connection, "lowest_hashes", landed.table, rows_per_sample)
    referring, unknown_ids, lost_tenants = count_unknown_ids(connection, "lowest_hashes", landed.table, others)
    pairs, reversed_pairs = _count_pairs(connection, landed.table)
    copies, unlike_copies = count_unlike_copies(connection, "lowest_hashes", landed.table, others)
    return SampledRows(
        cells={name: found for name, found in cells.items() if found},
        cell_form=_CELL_FORM,
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
        busy_users=users,
        keys=_lowest_keys(connection) if landed.table.shown_name in LASTING else (),
        garbled_texts=count_garbled(connection, columns),
        test_rows=count_test_rows(connection, landed.table),
        tenants_words={name: found for name, found in tenants.items() if found},
    )


def _cells(
    connection: duckdb.DuckDBPyConnection, rows: str, table: SourceTable, columns: Sequence[Column]
) -> dict[str, dict[str, str]]:
    """Return, by column, the cells of the rows with the lowest hashes, by the last four bytes of a row's hash."""
    if not columns:
        return {}
    cells = ", ".join(_lowest(table, column) for column in columns)
    (row,) = connection.execute(f"select {cells} from {rows}").fetchall()
    return {
        column.name: {str(cell["hash"] % 2**32): cell["cell"] for cell in found or ()}
        for column, found in zip(columns, row, strict=True)
    }


def _lowest(table: SourceTable, column: Column) -> str:
    """Return the SQL of a column's cells in the rows with the lowest hashes, in the form in which they are recorded.

    Flags, dates and timestamps are recorded as they are, texts about people by their length, anything else by a hash.
    Texts are hashed in lower case, because the rules ignore case, and a corrected case is no fault.
    """
    text, wanted = f"cast({quoted(column.name)} as varchar)", _HASHED_CELLS
    kept = "left(md5(drawn.cell), 6)"
    if column.kind in IN_CLEAR:
        kept, wanted = "drawn.cell", _CLEAR_CELLS
    elif column.kind in TEXTS | {Kind.KEY} and is_personal(table.name, column.name):
        kept = "cast(length(drawn.cell) as varchar)"
    elif column.kind in TEXTS:
        kept = "left(md5(lower(drawn.cell)), 6)"
    lowest = f"min({{hash: key_hash, cell: {text}}}, {wanted}) filter (where {quoted(column.name)} is not null)"
    return f"list_transform({lowest}, lambda drawn: {{hash: drawn.hash, cell: {kept}}})"


def _lowest_keys(connection: duckdb.DuckDBPyConnection) -> tuple[int, ...]:
    """Return the first four bytes of the lowest key hashes, in order."""
    rows = connection.execute(
        f"select distinct (key_hash // {2**32}::uint64)::bigint from lowest_hashes order by 1 limit {LOOKED_UP}"
    ).fetchall()
    return tuple(key for (key,) in rows)


def _words(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, columns: Sequence[str]
) -> dict[str, dict[int | None, dict[str, int]]]:
    """Count the cells with each word, by column and organization, leaving out columns with many different words."""
    counted = " union all ".join(
        f"select {at}, trim({quoted(column)}) as word, {table.tenant_sql}, count(*) from lowest_hashes "
        "where word <> '' group by all"
        for at, column in enumerate(columns)
    )
    found: dict[str, dict[int | None, dict[str, int]]] = {column: defaultdict(dict) for column in columns}
    for at, word, organization_id, cells in (
        connection.execute(f"{counted} order by 1, 4 desc, 2, 3").fetchall() if columns else ()
    ):
        found[columns[at]][organization_id][word] = cells
    return {
        column: tenants
        for column, tenants in found.items()
        if len({word for words in tenants.values() for word in words}) <= _MOST_WORDS
    }


def _summed(counted: Mapping[int | None, Mapping[str, int]]) -> dict[str, int]:
    """Add up the words of all organizations, the most frequent first."""
    total: Counter[str] = Counter()
    for words in counted.values():
        total.update(words)
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))


def _tenants(counted: Mapping[int | None, Mapping[str, int]]) -> dict[str, Mapping[str, int]]:
    """Return the words by organization, if there are several, for organizations with enough cells."""
    return {
        str(one): words
        for one, words in sorted(counted.items(), key=str)
        if len(counted) > 1 and sum(words.values()) >= _ENOUGH_WORDS
    }


def _count_pairs(connection: duckdb.DuckDBPyConnection, table: SourceTable) -> tuple[dict[str, int], dict[str, int]]:
    """Count, by pair of columns, the rows that have values in both, and those in which the order is reversed."""
    pairs = PAIRS.get(table.shown_name, {})
    if not pairs:
        return {}, {}
    counted = ", ".join(
        f"count({quoted(column)} - {quoted(least)}), count(*) filter (where {quoted(column)} < {quoted(least)})"
        for column, least in pairs.items()
    )
    (row,) = connection.execute(f"select {counted} from lowest_hashes").fetchall()
    return dict(zip(pairs, row[::2], strict=True)), dict(zip(pairs, row[1::2], strict=True))
