"""Learns how most ids of a file are spelt: with a digit, with letters. A text that differs may not be an id."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_DIGIT: Final = r"[0-9]"
_BARE: Final = r"^[0-9][0-9./-]*$"
"""A number, a year or a month: 2024, 2024-01."""


class UsualIds:
    """Counts the ids of one file, batch by batch."""

    def __init__(self) -> None:
        self._ids = self._with_digits = self._bare = 0

    def note(self, ids: pa.Array) -> None:
        """Count the ids of a batch."""
        self._ids += len(ids) - ids.null_count
        self._with_digits += _count(pc.match_substring_regex(ids, _DIGIT))
        self._bare += _count(pc.match_substring_regex(ids, _BARE))

    def without_digit(self, ids: pa.Array) -> pa.Array:
        """Mark the ids without a digit, if most ids have one."""
        if 2 * self._with_digits <= self._ids:
            return _none_of(ids)
        return have_no_digit(ids)

    def unlike_most(self, ids: pa.Array) -> pa.Array:
        """Mark the ids without a digit, and those that are bare numbers, if at least half of the ids are different."""
        is_unlike = _none_of(ids)
        if 2 * self._with_digits >= self._ids:
            is_unlike = pc.or_(is_unlike, have_no_digit(ids))
        if 2 * self._bare <= self._ids:
            is_unlike = pc.or_(is_unlike, pc.fill_null(pc.match_substring_regex(ids, _BARE), False))
        return is_unlike


def have_no_digit(ids: pa.Array) -> pa.Array:
    """Mark the ids without a digit."""
    return pc.fill_null(pc.invert(pc.match_substring_regex(ids, _DIGIT)), False)


def _count(mask: pa.Array) -> int:
    return pc.sum(mask).as_py() or 0


def _none_of(ids: pa.Array) -> pa.Array:
    return pa.array(np.zeros(len(ids), dtype=bool))
