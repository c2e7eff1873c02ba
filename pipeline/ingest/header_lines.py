"""Detects a second line of headers below the first, which some tools write: labels, or the columns' types."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.ingest.schema import Column
from pipeline.ingest.values.cells import TEXT_KINDS, shown
from pipeline.ingest.values.headers import fold

_FEWEST: Final = 2
"""How many cells must be types, or words in columns of values: a single one may be a typing error."""
_LOOKED_AT: Final = 200
_DIGIT: Final = re.compile("[0-9]")
_WORD: Final = re.compile(r"(?=.*[^\W_])[^0-9]+")
_TYPE: Final = re.compile(
    r"(?:nullable\()?(?:string|str|object|category|(?:long|medium|tiny)?text|n?(?:var)?char(?:acter)?(?: varying)?|utf8"
    r"|u?(?:tiny|small|medium|big)?int(?:eger)?[0-9]*|long|serial|double(?: precision)?|float[0-9]*|real|number"
    r"|numeric|decimal[0-9]*|money|currency|bool(?:ean)?|bit|date(?:time)?[0-9]*|time(?:stamp)?(?:_?(?:n?tz|ltz))?"
    r"|uuid|guid|jsonb?|array|list)(?:\([^()]*\)|\[\]|<.*>| with(?:out)? time zone)*\)?"
)
"""`String`, `varchar(100)`, `Nullable(Float64)`, `timestamp with time zone`."""


def is_header_line(
    placed: Sequence[tuple[int, Column]], columns: Sequence[pa.Array], typed: Mapping[str, pa.Array]
) -> bool:
    """Return whether the first row of a file's first batch is a second line of headers.

    It is if all its cells are names of types, or if it has only words in columns of numbers, dates and flags in which
    the rows below have values. `placed` are the table's columns with their positions.
    """
    cells = {column.name: _seen(columns[at]) for at, column in placed}
    filled = {name: cell for name, cell in cells.items() if cell}
    if len(filled) >= _FEWEST and all(_TYPE.fullmatch(cell) for cell in filled.values()):
        return True
    of_values = [column for _, column in placed if column.kind not in TEXT_KINDS and column.name in filled]
    words = [column for column in of_values if _WORD.fullmatch(filled[column.name])]
    if len(words) < max(_FEWEST, len(of_values)) or not all(typed[column.name][0].as_py() is None for column in words):
        return False
    label = next((filled.get(column.name, "") for _, column in placed if column.required), "")
    return not _DIGIT.search(label) and all(_has_values(typed[column.name]) for column in words)


def _seen(column: pa.Array) -> str:
    value = column[0].as_py()
    return "" if value is None else fold(shown(value))


def _has_values(below: pa.Array) -> bool:
    """Return whether a row below the first has a value in the column."""
    return bool(pc.any(pc.is_valid(below.slice(1, _LOOKED_AT))).as_py())
