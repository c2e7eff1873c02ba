"""Counts garbled cells, and accounts that are named as tests, in the sampled rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import duckdb

from pipeline.common.scratch_database import quoted
from pipeline.guards.odd_texts import NAMED
from pipeline.ingest.garbled_texts import GARBLED
from pipeline.ingest.landing.drawn_rows import TEXTS
from pipeline.ingest.schema import Column, SourceTable

_LOST: Final = r"\x{FFFD}|[A-Za-z]\?[A-Za-z]"
"""What replaces letters that an encoding lacks (`M?ller`)."""
_PAGE: Final = "://"
"""A mark of URLs, which may have a question mark between letters."""
_TRIED: Final = r"(?i)^\W*(test|demo|dummy|asdf|do not use|delete me)\b"


def count_garbled(connection: duckdb.DuckDBPyConnection, columns: Sequence[Column]) -> dict[str, int]:
    """Count the garbled cells of each column in which most cells with non-English letters are garbled.

    Columns with only English letters are excluded first, because preparing a pattern takes longer than reading cells.
    """
    texts = [column.name for column in columns if column.kind in TEXTS]
    may_be = _count(connection, [f"{_is_foreign(name)} or contains({quoted(name)}, '?')" for name in texts])
    odd = [name for name, cells in zip(texts, may_be, strict=True) if cells]
    garbled = _count(connection, [_is_garbled(name) for name in odd])
    whole = _count(connection, [f"{_is_foreign(name)} and not {_is_garbled(name)}" for name in odd])
    return {name: cells for name, cells, others in zip(odd, garbled, whole, strict=True) if cells > others}


def count_test_rows(connection: duckdb.DuckDBPyConnection, table: SourceTable) -> int:
    """Count the sampled accounts that are named as tests; 0 for tables of anything else."""
    if table.shown_name not in NAMED:
        return 0
    ((rows,),) = connection.execute(
        "select count(*) from lowest_hashes where regexp_matches(name, $tried)", {"tried": _TRIED}
    ).fetchall()
    return int(rows)


def _count(connection: duckdb.DuckDBPyConnection, conditions: Sequence[str]) -> tuple[int, ...]:
    """Count the sampled rows that fulfil each condition."""
    if not conditions:
        return ()
    counted = ", ".join(f"count(*) filter (where {condition})" for condition in conditions)
    (row,) = connection.execute(f"select {counted} from lowest_hashes").fetchall()
    return tuple(row)


def _is_foreign(column: str) -> str:
    """Return a SQL condition: a cell has non-English letters."""
    return f"strlen({quoted(column)}) <> length({quoted(column)})"


def _is_garbled(column: str) -> str:
    text = quoted(column)
    return f"(regexp_matches({text}, '{GARBLED}|{_LOST}') and not contains({text}, '{_PAGE}'))"
