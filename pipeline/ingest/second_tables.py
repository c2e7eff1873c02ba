"""Detects a second table below the first one in a file: its headers, and the lines that belong to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.common.errors import WarehouseError
from pipeline.ingest.schema import SourceTable
from pipeline.ingest.tables import SOURCE_TABLES
from pipeline.ingest.typed_columns import mask_of
from pipeline.ingest.values.cells import shown
from pipeline.ingest.values.headers import fold, shown_header

_MOST_SHOWN: Final = 4


@dataclass(frozen=True)
class _Line:
    """The filled cells of a line by column: as they are written, and folded as headers are for comparison."""

    written: dict[int, str]
    folded: dict[int, str]


class SecondTables:
    """Finds second tables in one file, batch by batch; `where` names the file in errors.

    If the second headers include a table's label (`CRM ID`, `id`), every row of that table would be lost: an error.
    Other headers begin a summary, and the lines below belong to it as long as they fill no other columns.
    """

    def __init__(self, table: SourceTable, headers: Sequence[str], where: str) -> None:
        self._where = where
        self._columns = {fold(name): column.name for column in table.columns for name in column.headers}
        self._headers = [self._column(fold(header)) for header in headers]
        columns = (column for each in _of_the_source(table) for column in each.columns)
        self.names = frozenset(fold(name) for column in columns for name in column.headers)
        self._labels = labels_of(table)
        self._filled: frozenset[int] = frozenset()
        """The columns of the second table to which the next line may belong; empty if there is no second table."""

    def may_begin(
        self, label: str, columns: Sequence[pa.Array], row_numbers: pa.Array, position: int, *, is_strange: bool
    ) -> bool:
        """Return whether a line has the headers of a second table. `is_strange` says that it is no row in any case.

        Raises WarehouseError if they include a table's label and are not the first table's headers again.
        """
        is_strange = is_strange and _is_apart(row_numbers, position)
        if label not in self.names and not is_strange:
            return False
        line = _line(columns, position)
        known = [at for at, cell in line.folded.items() if cell in self.names]
        if known and all(self._headers[at : at + 1] == [self._column(line.folded[at])] for at in known):
            return False
        # headers are different words: an account with id, name and status `archived` is a row
        different = {line.folded[at] for at in known}
        if len(different) < 2 or 2 * len(different) <= len(line.folded):
            return is_strange and _are_words(line)
        if self._labels & set(line.folded.values()):
            names = ", ".join(shown_header(cell) for cell in list(line.written.values())[:_MOST_SHOWN])
            raise WarehouseError(
                f"row {row_numbers[position].as_py()} has other headers ({names}): a second table begins there",
                where=self._where,
                remedy="put each table into its own file",
            )
        return True

    def _column(self, header: str) -> str:
        """Return the column that a folded header names by any alias, or the header itself if it names none."""
        return self._columns.get(header, header)

    def begin(self, columns: Sequence[pa.Array], position: int) -> None:
        """Start a second table with the headers in this line."""
        self._filled = frozenset(_line(columns, position).folded)

    def lines_below(self, columns: Sequence[pa.Array], start: int, end: int) -> range:
        """Return the positions between `start` and `end` that belong to the second table, if there is one."""
        if not self._filled or start >= end:
            return range(0)
        is_other = np.zeros(end - start, dtype=bool)
        for at, column in enumerate(columns):
            if at not in self._filled:
                is_other |= is_filled(column.slice(start, end - start))
        others = np.flatnonzero(is_other)
        if len(others):
            self._filled = frozenset()
            end = start + int(others[0])
        return range(start, end)


def _is_apart(row_numbers: pa.Array, position: int) -> bool:
    """Return whether there is a blank line above."""
    return position > 0 and bool(row_numbers[position].as_py() > row_numbers[position - 1].as_py() + 1)


def _line(columns: Sequence[pa.Array], position: int) -> _Line:
    written = {at: shown(value) for at, column in enumerate(columns) if (value := column[position].as_py()) is not None}
    folded = {at: seen for at, cell in written.items() if (seen := fold(cell))}
    return _Line({at: written[at] for at in folded}, folded)


def _are_words(line: _Line) -> bool:
    """Return whether a line has several cells, none of them with a digit."""
    cells = line.folded.values()
    return len(cells) > 1 and not any(letter.isdigit() for cell in cells for letter in cell)


def _of_the_source(table: SourceTable) -> list[SourceTable]:
    return [each for each in SOURCE_TABLES if each.source == table.source]


def labels_of(table: SourceTable) -> frozenset[str]:
    """Return the folded headers of the labels (the first required columns) of all tables of the same source."""
    labels = [next(column for column in each.columns if column.required) for each in _of_the_source(table)]
    return frozenset(fold(name) for label in labels for name in label.headers)


def is_filled(column: pa.Array) -> np.ndarray:
    """Mark the cells that contain anything but blanks."""
    filled = pc.is_valid(column)
    if pa.types.is_string(column.type):
        filled = pc.and_(filled, pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(column), ""), False))
    return mask_of(filled)
