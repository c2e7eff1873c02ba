"""Counts the drawn rows' garbled cells, and those of accounts that have the names of tests."""

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
"""What stands for letters that an encoding has no place for (`M?ller`)."""
_PAGE: Final = "://"
"""In whose address a question mark stands between letters."""
_TRIED: Final = r"(?i)^\W*(test|demo|dummy|asdf|do not use|delete me)\b"


def count_garbled(connection: duckdb.DuckDBPyConnection, columns: Sequence[Column]) -> dict[str, int]:
    """Count each column's garbled cells, where most of those with other letters than English ones are garbled.

    Columns of English letters alone are told first: each pattern takes longer to prepare than its cells to read.
    """
    texts = [column.name for column in columns if column.kind in TEXTS]
    may_be = _count(connection, [f"{_is_foreign(name)} or contains({quoted(name)}, '?')" for name in texts])
    odd = [name for name, cells in zip(texts, may_be, strict=True) if cells]
    garbled = _count(connection, [_is_garbled(name) for name in odd])
    whole = _count(connection, [f"{_is_foreign(name)} and not {_is_garbled(name)}" for name in odd])
    return {name: cells for name, cells, others in zip(odd, garbled, whole, strict=True) if cells > others}


def count_test_rows(connection: duckdb.DuckDBPyConnection, table: SourceTable) -> int:
    """Count the drawn rows of a table of accounts that have the names of tests."""
    if table.shown_name not in NAMED:
        return 0
    ((rows,),) = connection.execute(
        "select count(*) from lowest_hashes where regexp_matches(name, $tried)", {"tried": _TRIED}
    ).fetchall()
    return int(rows)


def _count(connection: duckdb.DuckDBPyConnection, conditions: Sequence[str]) -> tuple[int, ...]:
    """Count the drawn rows of each condition."""
    if not conditions:
        return ()
    counted = ", ".join(f"count(*) filter (where {condition})" for condition in conditions)
    (row,) = connection.execute(f"select {counted} from lowest_hashes").fetchall()
    return tuple(row)


def _is_foreign(column: str) -> str:
    """Return the SQL of whether a cell has other letters than English ones."""
    return f"strlen({quoted(column)}) <> length({quoted(column)})"


def _is_garbled(column: str) -> str:
    text = quoted(column)
    return f"(regexp_matches({text}, '{GARBLED}|{_LOST}') and not contains({text}, '{_PAGE}'))"
