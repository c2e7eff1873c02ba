"""Reads the output of PostgreSQL's COPY as Arrow columns, batch by batch."""

from __future__ import annotations

import io
from collections.abc import Iterator

import psycopg
import pyarrow as pa
import pyarrow.csv

from pipeline.ingest.readers.csv_file import BLOCK_BYTES


class _CopyFile(io.RawIOBase):
    """A COPY in progress, as a readable file."""

    def __init__(self, copy: psycopg.Copy) -> None:
        self._copy = copy
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read into the buffer and return the number of bytes; 0 at the end."""
        while not self._left:
            data = self._copy.read()
            if not data:
                return 0
            self._left = memoryview(data)
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


def read_copy(copy: psycopg.Copy, width: int, *, is_utf8: bool = True) -> Iterator[tuple[pa.Array, ...]]:
    """Yield the rows of a COPY of `width` text columns. An unquoted empty cell is null, a quoted one is empty text.

    Unless the texts are certainly UTF-8, the cells are bytes, so that the cell rules can reject invalid ones.
    """
    names = [str(at) for at in range(width)]
    buffered = io.BufferedReader(_CopyFile(copy), BLOCK_BYTES)
    try:
        stream = pyarrow.csv.open_csv(
            buffered,
            read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, column_names=names),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string() if is_utf8 else pa.binary()),
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV file" in str(error):
            return
        raise
    with stream:
        for batch in stream:
            yield tuple(batch.columns)
