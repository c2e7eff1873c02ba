"""Hive folders: adds the value of a folder such as `customer/organization_id=1/` to its files, as a column."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.common.errors import WarehouseError
from pipeline.ingest.readers import OpenTable, RawBatch, Reading
from pipeline.ingest.schema import Column, SourceTable
from pipeline.ingest.source_folder import FolderValues
from pipeline.ingest.values.cells import read_cell, shown
from pipeline.ingest.values.headers import fold


def with_folder_values(table: SourceTable, opened: OpenTable, values: FolderValues, where: str) -> OpenTable:
    """Return an opened file with the columns of its hive folders added. `where` names the file in errors."""
    return _InFolders(table, opened, values, where) if values else opened


class _InFolders:
    """An opened file with the values of its folders. A column that the file also has must agree with its folder."""

    def __init__(self, table: SourceTable, opened: OpenTable, values: FolderValues, where: str) -> None:
        self._opened = opened
        self._where = where
        self._columns = {fold(header): column for column in table.columns for header in column.headers}
        self._values = {fold(name): value for name, value in values}
        at_header = {fold(header): at for at, header in reversed(list(enumerate(opened.headers)))}
        self._in_both = {at_header[name]: name for name in self._values if name in at_header}
        self._added = [name for name in self._values if name not in at_header]
        self._end = max((at for at, header in enumerate(opened.headers, 1) if fold(header)), default=0)
        """Where the columns are added: before columns without a header, which separators at line ends produce."""
        added = (name for name, _ in values if fold(name) in self._added)
        self.headers = (*opened.headers[: self._end], *added, *opened.headers[self._end :])
        self.dates_from_1904 = opened.dates_from_1904
        self.notices = opened.notices

    @property
    def reading(self) -> Reading:
        """How the file is read, as far as it has been."""
        return self._opened.reading

    def batches(self, positions: frozenset[int]) -> Iterator[RawBatch]:
        """Yield the rows with the folders' values."""
        own = frozenset(at for at in positions if at < self._end)
        for batch in self._opened.batches(own):
            rows = len(batch.row_numbers)
            columns = list(batch.columns)
            for at, name in self._in_both.items():
                if at in positions:
                    self._must_agree(name, columns[at])
                    columns[at] = _repeated(self._values[name], rows)
            columns[self._end : self._end] = [_repeated(self._values[name], rows) for name in self._added]
            yield RawBatch(batch.row_numbers, tuple(columns), batch.broken)

    def _must_agree(self, name: str, found: pa.Array) -> None:
        """Raise WarehouseError if the file contradicts its folder. Empty cells do not contradict it."""
        value = self._values[name]
        typed = _read(self._columns[name], value)
        for other in pc.unique(found).to_pylist():
            if other is not None and _read(self._columns[name], other) not in (typed, None):
                raise WarehouseError(
                    f"a row has {name} {shown(other)}, but its folder says {name}={value or 'nothing'}",
                    where=self._where,
                    remedy="move the file into the folder that its rows belong to",
                )


def _read(column: Column, value: object) -> object:
    return read_cell(column, value).value


def _repeated(value: str | None, rows: int) -> pa.Array:
    return pa.nulls(rows, pa.string()) if value is None else pa.repeat(pa.scalar(value), rows)
