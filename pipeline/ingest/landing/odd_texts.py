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

_LOST: Final = r"\x{FFFD}|\pL\?\pL"
"""What stands for letters that an encoding has no place for (`M?ller`)."""
_PAGE: Final = "://"
"""In whose address a question mark stands between letters."""
_TRIED: Final = r"(?i)^\W*(test|demo|dummy|asdf|do not use|delete me)\b"


def count_garbled(connection: duckdb.DuckDBPyConnection, columns: Sequence[Column]) -> dict[str, int]:
    """Count each column's garbled cells, where most of those with other letters than English ones are garbled."""
    texts = [column.name for column in columns if column.kind in TEXTS]
    if not texts:
        return {}
    counted = ", ".join(
        f"count(*) filter (where {_is_garbled(quoted(name))}), "
        rf"count(*) filter (where regexp_matches({quoted(name)}, '[^\x00-\x7F]') and not {_is_garbled(quoted(name))})"
        for name in texts
    )
    (row,) = connection.execute(f"select {counted} from lowest_hashes", {"garbled": f"{GARBLED}|{_LOST}"}).fetchall()
    pairs = zip(texts, row[::2], row[1::2], strict=True)
    return {name: garbled for name, garbled, whole in pairs if garbled > whole}


def count_test_rows(connection: duckdb.DuckDBPyConnection, table: SourceTable) -> int:
    """Count the drawn rows of a table of accounts that have the names of tests."""
    if table.shown_name not in NAMED:
        return 0
    ((rows,),) = connection.execute(
        "select count(*) from lowest_hashes where regexp_matches(name, $tried)", {"tried": _TRIED}
    ).fetchall()
    return int(rows)


def _is_garbled(text: str) -> str:
    return f"(regexp_matches({text}, $garbled) and not contains({text}, '{_PAGE}'))"
