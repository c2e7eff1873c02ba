"""One module per format: each opens a file or database table and returns its headers and its cells, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa


@dataclass(frozen=True)
class BrokenRow:
    """A row that a reader could not parse: its number, its text and what is wrong."""

    number: int
    text: str
    reason: str


@dataclass(frozen=True)
class Reading:
    """How a file was read: its encoding, its separator, the line of its headers (from 1). None where it has no such.

    `unread_sheets` are a workbook's sheets that look like its table and were not read, `merged_cells` (such as B2:B5)
    those of its table's rows, of which the first alone has a value. `headers_without_cells` are the last headers where
    all lines end before them, and so may lack another cell.
    """

    encoding: str | None = None
    separator: str | None = None
    header_line: int | None = None
    unread_sheets: tuple[str, ...] = ()
    merged_cells: tuple[str, ...] = ()
    headers_without_cells: tuple[str, ...] = ()

    @property
    def is_workbook(self) -> bool:
        """Whether it is a file of lines that is no text."""
        return self.header_line is not None and self.separator is None


@dataclass(frozen=True)
class RawBatch:
    """Some rows as the source gave them: one array per header, in the headers' order, and the numbers people see.

    Text is UTF-8; what may not be comes as bytes. `broken` are rows that are not among the arrays' rows.
    """

    row_numbers: pa.Array
    columns: tuple[pa.Array, ...]
    broken: tuple[BrokenRow, ...] = field(default=())


class OpenTable(Protocol):
    """A source's table, opened for one pass."""

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers as they are written."""

    @property
    def dates_from_1904(self) -> bool:
        """Whether serial day numbers count from 1904-01-01."""

    @property
    def reading(self) -> Reading:
        """How it is read."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person should know about how this was read."""

    def batches(self, positions: frozenset[int]) -> Iterator[RawBatch]:
        """Yield the rows, in order. Columns outside `positions` are of no interest and may come as nulls."""
