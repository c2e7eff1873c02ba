"""Checks the bytes of a whole column of texts at once, in a hundredth of the time of checking each cell.

The bytes of null cells are included and may be anything. So if a check is true, it is true of all cells; if it is
false, only null cells may be the cause.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_PIECE: Final = 64 * 1024

Bytes = npt.NDArray[np.uint8]


def bytes_of(texts: pa.Array) -> Bytes:
    """Return the bytes of all cells of a string array, one after the other."""
    ends, letters = _ends(texts), texts.buffers()[2]
    if letters is None:
        return np.empty(0, np.uint8)
    return np.frombuffer(letters, np.uint8)[ends[0] : ends[-1]]


def first_bytes(texts: pa.Array) -> Bytes | None:
    """Return the first byte of each cell that is not null; None if one of them is empty, or all are null."""
    ends = _ends(texts)
    has_bytes = ends[1:] > ends[:-1]
    if texts.null_count:
        has_bytes |= pc.is_null(texts).to_numpy(zero_copy_only=False)
    if not has_bytes.all() or texts.null_count == len(texts):
        return None
    starts = ends[:-1] if not texts.null_count else ends[:-1][pc.is_valid(texts).to_numpy(zero_copy_only=False)]
    return np.frombuffer(texts.buffers()[2], np.uint8)[starts]


def begin_with(texts: pa.Array, letters: Collection[bytes]) -> npt.NDArray[np.bool_]:
    """Return for each cell whether it begins with one of these bytes. Null cells may be marked, too."""
    ends, found = _ends(texts), bytes_of(texts)
    begins = np.zeros(len(texts), dtype=bool)
    if len(found):
        has_bytes = ends[1:] > ends[:-1]
        first = found[ends[:-1][has_bytes] - ends[0]]
        begins[has_bytes] = np.isin(np.arange(256), [ord(letter) for letter in letters])[first]
    return begins


def is_ascii(texts: pa.Array) -> bool:
    """Return whether all characters are ASCII."""
    found = bytes_of(texts)
    return not len(found) or int(np.max(found)) < 0x80


def has_byte(texts: pa.Array, byte: bytes) -> bool:
    """Return whether any cell contains this byte."""
    return bool((bytes_of(texts) == ord(byte)).any())


def are_words(texts: pa.Array) -> bool:
    """Return whether all characters are visible ASCII, so that no cell has a blank of any kind."""
    found = bytes_of(texts)
    return not len(found) or (int(np.min(found)) > ord(" ") and int(np.max(found)) <= ord("~"))


def are_bare(texts: pa.Array) -> bool:
    """Return whether all letters are ASCII letters, digits, - or _.

    The bytes are compared in pieces that fit a core's first cache: 131,072 UUIDs take 2.1 ms of CPU, where
    `bytes.translate` takes 5.5 and one comparison of all bytes 4.1 (2026-11-30).
    """
    found = bytes_of(texts)
    return all(_are_bare(found[start : start + _PIECE]) for start in range(0, len(found), _PIECE))


def _are_bare(found: Bytes) -> bool:
    is_letter = (found | 0x20) - np.uint8(ord("a")) < 26  # values below "a" wrap around to large ones
    is_digit = found - np.uint8(ord("0")) < 10
    return bool((is_letter | is_digit | (found == ord("-")) | (found == ord("_"))).all())


def _ends(texts: pa.Array) -> npt.NDArray[np.int32]:
    """Return the positions at which the cells begin, and at which the last one ends."""
    places = texts.buffers()[1]
    if places is None or not len(texts):
        return np.zeros(1, np.int32)
    return np.frombuffer(places, np.int32)[texts.offset : texts.offset + len(texts) + 1]
