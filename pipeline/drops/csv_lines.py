"""The rows of an exact CSV as bytes, so that some can be copied without parsing or formatting a value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_LINE_FEED: Final = 0x0A
_QUOTE: Final = 0x22


@dataclass(frozen=True)
class CsvLines:
    """A file's header, and its rows in their order, each with the preceding line feed."""

    header: bytes
    rows: pa.LargeBinaryArray


def read_lines(path: Path) -> CsvLines:
    """Return the lines of a CSV file."""
    content = np.memmap(path, np.uint8, "r")
    ends = ends_of_lines(content)
    buffers = [None, pa.py_buffer(ends.astype(np.int64)), pa.py_buffer(content)]
    return CsvLines(content[: ends[0]].tobytes(), pa.Array.from_buffers(pa.large_binary(), len(ends) - 1, buffers))


def ends_of_lines(content: np.ndarray) -> np.ndarray:
    r"""Return the positions of the line feeds that end the header and rows of a CSV, quoted by RFC 4180.

    `1,"a\nb"` is one row: a line feed after an odd number of quotes is within a cell.
    """
    ends, quotes = np.flatnonzero(content == _LINE_FEED), np.flatnonzero(content == _QUOTE)
    is_outside: np.ndarray = np.searchsorted(quotes, ends) % 2 == 0
    return np.compress(is_outside, ends)


def copy_lines(path: Path, lines: CsvLines, places: pa.Array, name: str, texts: pa.Array) -> None:
    """Write the rows at these positions, counted from 0, with one more column of texts without quotes."""
    is_listed = pc.match_substring(texts, ",")
    cells = pc.if_else(is_listed, pc.binary_join_element_wise('"', texts, '"', ""), texts).cast(pa.large_binary())
    rows = pc.binary_join_element_wise(lines.rows.take(places), cells, pa.scalar(b",", pa.large_binary()))
    with path.open("wb") as file:
        file.write(lines.header + f",{name}".encode())
        file.write(_bytes_of(rows))
        file.write(b"\n")


def _bytes_of(values: pa.LargeBinaryArray) -> memoryview:
    """Return the bytes of all values, concatenated, which is how Arrow stores them."""
    _, offsets, content = values.buffers()
    if not len(values):
        return memoryview(b"")
    ends = np.frombuffer(offsets, np.int64)[values.offset : values.offset + len(values) + 1]
    return memoryview(content)[ends[0] : ends[-1]]
