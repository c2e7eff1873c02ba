"""Detects unquoted amounts such as 12,000.00, whose comma splits them into two cells and shifts the following cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

NEEDS_QUOTES: Final = "an amount such as 12,000.00 needs quotes"

_THOUSANDS_CELL: Final = r"^(?:.*[^0-9])?[1-9][0-9]{0,2}$"
_HUNDREDS_CELL: Final = r"^[0-9]{3}(?:\.[0-9]{1,2})?$"
_CERTAIN_CELL: Final = r"^0[0-9]{2}(?:\.[0-9]{1,2})?$"
"""The two cells of 12,000.00 are `12` (or `$12`) and `000.00`. 500.00 may be a separate amount, 050.00 can't be."""
_THOUSANDS: Final = re.compile(_THOUSANDS_CELL)
_HUNDREDS: Final = re.compile(_HUNDREDS_CELL)


def has_split_amount(delimiter: str, cells: Sequence[str | None]) -> bool:
    """Return whether an additional cell in a line may come from a split amount."""
    return delimiter == "," and any(map(_is_amount, cells, cells[1:]))


def split_column(delimiter: str, lines: Sequence[Sequence[str]]) -> int | None:
    """Return the first column in which all these lines, which are too long, have a split amount, or None."""
    filled = [line for line in lines if line]
    if delimiter != ",":
        return None
    width = min(map(len, filled), default=0)
    return next((at for at in range(width - 1) if all(_is_amount(*line[at : at + 2]) for line in filled)), None)


def is_split(columns: Sequence[pa.Array], delimiter: str, column: int | None) -> pa.Array:
    """Mark the rows with a split amount: a possible one in `column`, or a certain one in any other column."""
    is_broken = pa.array(np.zeros(len(columns[0]), dtype=bool))
    if delimiter != ",":
        return is_broken
    for at, (one, other) in enumerate(pairwise(columns)):
        end = pc.match_substring_regex(other, _HUNDREDS_CELL if at == column else _CERTAIN_CELL)
        if pc.any(end).as_py():
            is_broken = pc.or_(
                is_broken, pc.fill_null(pc.and_(end, pc.match_substring_regex(one, _THOUSANDS_CELL)), False)
            )
    return is_broken


def _is_amount(one: str | None, other: str | None) -> bool:
    return bool(one and other and _THOUSANDS.fullmatch(one) and _HUNDREDS.fullmatch(other))
