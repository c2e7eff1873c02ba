"""Reads XLSX workbooks: the first visible sheet, as a stream, with its headers in one of the first rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from pipeline.common.errors import WarehouseError
from pipeline.ingest.readers import RawBatch, Reading
from pipeline.ingest.readers.workbook_cells import CellTexts, read_shared_texts
from pipeline.ingest.readers.workbook_package import DAMAGE, Sheet, WorkbookPackage, unreadable
from pipeline.ingest.readers.workbook_rows import BeyondGridError, Row, column_number, read_rows
from pipeline.ingest.readers.workbook_styles import read_styles
from pipeline.ingest.values.headers import MOST_LINES_ABOVE, find_header, fold, join_headers, known_headers
from pipeline.ingest.values.white_space import as_seen

BATCH_ROWS: Final = 8192
BATCH_TEXT: Final = 16 * 1024 * 1024
MOST_TEXT: Final = 1024 * 1024 * 1024
"""The most characters of a batch and of all cells, because many cells may refer to the same long text."""
_MERGED: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})", re.ASCII)
_MOST_MERGED_NAMED: Final = 5
_MOST_SHEETS: Final = 20
"""How many of the other sheets are checked."""


class XlsxFile:
    """One workbook. Its cells become text: ISO dates, whole numbers without a point, errors as they are shown."""

    def __init__(self, path: Path, where: str, known_headers: Sequence[str] = ()) -> None:
        self._where = where
        self._package = WorkbookPackage(path, where)
        self.dates_from_1904 = self._package.dates_from_1904
        sheet = next((each for each in self._package.sheets if not each.is_hidden), self._package.sheets[0])
        self.notices = self._other_sheets(sheet)
        self._texts = _cell_texts(self._package, where)
        self._merged: list[str] = []
        self._rows: Iterator[Row] = _rows(self._package, sheet, self._texts, self._merged, where)
        self.headers, line = self._headers(known_headers, sheet.name)
        self._must_be_no_cover(sheet, known_headers)
        self.reading = Reading(header_line=line, unread_sheets=self._like_it(sheet, known_headers))

    def batches(self, positions: frozenset[int]) -> Iterator[RawBatch]:
        """Yield the rows with any visible text."""
        rows: list[Row] = []
        length = batched = last = 0
        for row in self._rows:
            texts = row[1].values()
            length += sum(map(len, texts))
            if length > MOST_TEXT:
                raise WarehouseError(
                    f"the cells contain more than {MOST_TEXT // 1024**2:,} MiB of text",
                    where=self._where,
                    remedy="provide the table as CSV or Parquet, or split it",
                )
            if any(text and not text.isspace() for text in texts):
                rows.append(row)
                last = row[0]
                if len(rows) == BATCH_ROWS or length - batched > BATCH_TEXT:
                    yield self._batch(rows, positions)
                    rows, batched = [], length
        yield self._batch(rows, positions)
        self.reading = replace(self.reading, merged_cells=self._merged_below(last, positions))

    def _merged_below(self, last: int, positions: frozenset[int]) -> tuple[str, ...]:
        """Return the merged cells that span rows of the table, up to row `last`, and touch a needed column."""
        found = []
        for place in self._merged:
            corners = _MERGED.fullmatch(place.upper())
            if corners is None:
                continue
            left, right = column_number(corners[1]), column_number(corners[3])
            is_below = (self.reading.header_line or 0) < int(corners[2]) < min(int(corners[4]), last)
            if is_below and any(left <= at + 1 <= right for at in positions):
                found.append(place)
        return tuple(found[:_MOST_MERGED_NAMED])

    def _headers(self, known: Sequence[str], sheet: str) -> tuple[tuple[str, ...], int]:
        """Return the headers and the number of their row. Rows above are skipped, rows below are still to be read."""
        first = [next(self._rows, None)]
        while (last := first[-1]) is not None and last[0] <= MOST_LINES_ABOVE:
            first.append(next(self._rows, None))
        rows = [row for row in first if row is not None]
        lines = [_line(cells) for number, cells in rows if number <= MOST_LINES_ABOVE + 1]
        filled = [at for at, line in enumerate(lines) if line]
        if not filled:
            raise WarehouseError(
                f"the sheet '{sheet}' has no headers in its first {MOST_LINES_ABOVE + 1} rows",
                where=self._where,
                remedy="put the headers into one of these rows",
            )
        at = filled[find_header([lines[at] for at in filled], known)]
        self._rows = chain(rows[at + 1 :], self._rows)
        below = [_line(cells) for number, cells in rows[at + 1 : at + 2] if number == rows[at][0] + 1]
        above = [lines[at - 1]] if at and rows[at - 1][0] == rows[at][0] - 1 else []
        return tuple(join_headers([*above, lines[at], *below], len(above), known)), rows[at][0]

    def _like_it(self, read: Sheet, known: Sequence[str]) -> tuple[str, ...]:
        """Return the names of the other visible sheets that have more than half of the table's headers."""
        found = {fold(header) for header in known} & {fold(header) for header in self.headers}
        return tuple(sheet.name for sheet in self._others(read) if found and self._most(sheet, found) * 2 > len(found))

    def _must_be_no_cover(self, read: Sheet, known: Sequence[str]) -> None:
        """Raise WarehouseError if the sheet that is read has no known headers but another visible sheet has."""
        names = {fold(header) for header in known}
        if names & {fold(header) for header in self.headers}:
            return
        table = next((sheet.name for sheet in self._others(read) if self._most(sheet, names) > 1), None)
        if table is not None:
            raise WarehouseError(
                f"the first sheet '{read.name}' has none of the headers that the sheet '{table}' has",
                where=self._where,
                remedy=f"make '{table}' the first sheet",
            )

    def _others(self, read: Sheet) -> list[Sheet]:
        return [each for each in self._package.sheets if each is not read and not each.is_hidden][:_MOST_SHEETS]

    def _most(self, sheet: Sheet, headers: set[str]) -> int:
        """Return the largest number of these headers in any of a sheet's first rows that has a row below it."""
        try:
            first = list(islice(_rows(self._package, sheet, self._texts, [], self._where), MOST_LINES_ABOVE + 2))
        except WarehouseError:  # damage in a sheet that is not read does not matter
            return 0
        return max((known_headers(list(cells.values()), headers) for _, cells in first[:-1]), default=0)

    def _other_sheets(self, read: Sheet) -> tuple[str, ...]:
        others = ", ".join(f"'{sheet.name}'" for sheet in self._package.sheets if sheet is not read)
        return (f"{self._where}: of its sheets '{read.name}' was read, and not {others}",) if others else ()

    def _batch(self, rows: list[Row], positions: frozenset[int]) -> RawBatch:
        nothing = pa.nulls(len(rows), pa.string())
        columns = tuple(
            pa.array([cells.get(at) for _, cells in rows], pa.string()) if at in positions else nothing
            for at in range(len(self.headers))
        )
        return RawBatch(pa.array(np.array([number for number, _ in rows], dtype=np.int64)), columns)


def _line(cells: dict[int, str]) -> list[str]:
    """Return the cells of a row up to the last visible one."""
    filled = [column for column, text in cells.items() if as_seen(text)]
    return [cells.get(column, "") for column in range(max(filled, default=-1) + 1)]


def _cell_texts(package: WorkbookPackage, where: str) -> CellTexts:
    """Read the styles and shared texts that the sheets' cells refer to."""
    try:
        styles, shared = package.related("styles"), package.related("sharedStrings")
        return CellTexts(
            read_shared_texts(package.pieces(shared)) if shared else [],
            read_styles(package.pieces(styles)) if styles else [],
            dates_from_1904=package.dates_from_1904,
        )
    except DAMAGE as error:
        raise unreadable(where, error) from error


def _rows(package: WorkbookPackage, sheet: Sheet, texts: CellTexts, merged: list[str], where: str) -> Iterator[Row]:
    """Yield the rows of a sheet. Raises WarehouseError, which names `where`, for damage and exceeded limits."""
    try:
        yield from read_rows(package.pieces(sheet.part), texts, merged)
    except BeyondGridError as error:
        raise WarehouseError(
            str(error),
            where=where,
            remedy="delete cells far below or to the right of the table, or provide it as CSV or Parquet",
        ) from error
    except DAMAGE as error:
        raise unreadable(where, error) from error
