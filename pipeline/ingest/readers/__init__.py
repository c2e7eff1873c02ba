"""The readers: each opens files of one format, or database tables, and returns headers and batches of cells."""

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
    """How a file is read: its encoding, its separator, the line of its headers (from 1); None if it has no such thing.

    `unread_sheets` are a workbook's sheets that look like the table but are not read. `merged_cells` (such as B2:B5)
    are merged across rows of the table; only the first cell has a value. `headers_without_cells` are the last headers
    if all rows are shorter than the line of headers.
    """

    encoding: str | None = None
    separator: str | None = None
    header_line: int | None = None
    unread_sheets: tuple[str, ...] = ()
    merged_cells: tuple[str, ...] = ()
    headers_without_cells: tuple[str, ...] = ()

    @property
    def is_workbook(self) -> bool:
        """Whether the file is a workbook: it has a line of headers but no separator."""
        return self.header_line is not None and self.separator is None


@dataclass(frozen=True)
class RawBatch:
    """Some rows as they are in the source: one array per header, in order, and the row numbers that people see.

    Texts are UTF-8, or bytes if they may not be. `broken` rows are not in the arrays.
    """

    row_numbers: pa.Array
    columns: tuple[pa.Array, ...]
    broken: tuple[BrokenRow, ...] = field(default=())


class OpenTable(Protocol):
    """A file or database table, opened for one pass."""

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers as they are written in the source."""

    @property
    def dates_from_1904(self) -> bool:
        """Whether serial day numbers count from 1904-01-01."""

    @property
    def reading(self) -> Reading:
        """How the table is read."""

    @property
    def notices(self) -> tuple[str, ...]:
        """Notices for people about how the table is read."""

    def batches(self, positions: frozenset[int]) -> Iterator[RawBatch]:
        """Yield the rows, in order. Columns outside `positions` are not needed and may be null."""
