"""XLSX, through calamine: the first sheet, header in row 1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import python_calamine

from pipeline.common.errors import WarehouseError
from pipeline.ingest.readers import RawBatch
from pipeline.ingest.readers.workbook_scan import scan_workbook
from pipeline.ingest.values.cells import text_of

BATCH_ROWS: Final = 8192


class XlsxFile:
    """One workbook. Its cells become text: dates ISO, whole numbers without a point, errors as they are shown."""

    notices: tuple[str, ...] = ()

    def __init__(self, path: Path, where: str) -> None:
        self._where = where
        scan = scan_workbook(path, where)
        self.dates_from_1904 = scan.dates_from_1904
        self._errors: dict[int, dict[int, str]] = {}
        for (row, column), text in scan.first_sheet.errors.items():
            self._errors.setdefault(row, {})[column - 1] = text
        self._near_midnight = scan.first_sheet.near_midnight
        try:
            self._sheet = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0)
        except (python_calamine.CalamineError, OSError, IndexError) as error:
            raise WarehouseError(
                f"the workbook can't be read: {error}", where=where, remedy="open it and save it again as .xlsx"
            ) from error
        self._left = self._sheet.start[1] if self._sheet.start else 0
        self._rows = self._numbered()
        _, first = next(self._rows, (1, []))
        header = self._texts(1, first)
        while header and not (header[-1] or "").strip():
            header.pop()
        if not header:
            raise WarehouseError(
                "row 1 of the first sheet names no columns", where=where, remedy="put the header in row 1"
            )
        self.headers: tuple[str, ...] = tuple(text or "" for text in header)

    def batches(self, positions: frozenset[int]) -> Iterator[RawBatch]:
        """The rows that hold anything."""
        numbers: list[int] = []
        rows: list[list[str | None]] = []
        for number, cells in self._rows:
            texts = self._texts(number, cells)
            if not any(text and text.strip() for text in texts):
                continue
            numbers.append(number)
            rows.append(texts)
            if len(rows) == BATCH_ROWS:
                yield self._batch(numbers, rows, positions)
                numbers, rows = [], []
        yield self._batch(numbers, rows, positions)

    def _numbered(self) -> Iterator[tuple[int, Sequence[object]]]:
        """The sheet's rows from 1. Calamine's end where only formulas without values follow."""
        number = 0
        for number, cells in enumerate(self._sheet.iter_rows(), start=1):
            yield number, cells
        for left in sorted(row for row in self._errors if row > number):
            yield left, ()

    def _texts(self, number: int, cells: Sequence[object]) -> list[str | None]:
        texts: list[str | None] = [None] * self._left
        if self._near_midnight:
            cells = [self._of_its_day(number, at, cell) for at, cell in enumerate(cells, start=self._left + 1)]
        texts += [None if cell == "" else text_of(cell) for cell in cells]
        if errors := self._errors.get(number):
            texts += [None] * (max(errors) + 1 - len(texts))
            for at, error in errors.items():
                texts[at] = error
        return texts

    def _of_its_day(self, row: int, column: int, cell: object) -> object:
        """Take back the half millisecond by which calamine rounded an instant into the next day."""
        if isinstance(cell, datetime) and cell.time() == time.min and (row, column) in self._near_midnight:
            return cell - timedelta(milliseconds=1)
        return cell

    def _batch(self, numbers: list[int], rows: list[list[str | None]], positions: frozenset[int]) -> RawBatch:
        columns = tuple(
            pa.array([row[at] if at < len(row) else None for row in rows], pa.string())
            if at in positions
            else pa.nulls(len(rows), pa.string())
            for at in range(len(self.headers))
        )
        return RawBatch(pa.array(np.array(numbers, dtype=np.int64)), columns)
