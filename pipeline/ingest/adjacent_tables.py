"""Detects a second table to the right of the first one in a file, separated by an empty column."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pyarrow as pa

from pipeline.common.errors import WarehouseError
from pipeline.ingest.schema import SourceTable
from pipeline.ingest.second_tables import is_filled, labels_of
from pipeline.ingest.values.headers import fold, shown_header


class AdjacentTables:
    """Finds second tables in one file; `where` names the file in errors. The table's columns are at `positions`.

    The columns behind an empty column may belong to the table or to a second one. They certainly are a second table if
    one of them is a label (a header such as `CRM ID`), because every table has exactly one.
    """

    def __init__(self, table: SourceTable, headers: Sequence[str], positions: Sequence[int | None], where: str) -> None:
        self._where = where
        self._headers = headers
        self._labels = labels_of(table)
        self._wanted = {at for at in positions if at is not None}
        placed = zip(positions, table.columns, strict=True)
        self._label_at = next(at for at, column in placed if at is not None and column.required)
        named = [at for at, header in enumerate(headers) if fold(header)]
        is_spaced = all(right - left > 1 for left, right in pairwise(named))  # cells are separated by ||
        between = range(0) if is_spaced else range(named[0], named[-1])
        self.empty = frozenset(at for at in between if not fold(headers[at]))
        """The columns between others that have no header and, so far, no filled cell."""

    def examine(self, columns: Sequence[pa.Array]) -> None:
        """Examine the next rows."""
        self.empty = frozenset(at for at in self.empty if not is_filled(columns[at]).any())

    def columns_apart(self) -> tuple[str, ...]:
        """Return the headers of the table's columns that an empty column separates from the table's label.

        Raises WarehouseError if a label is among the separated columns.
        """
        left = max((at for at in self.empty if at < self._label_at), default=-1)
        right = min((at for at in self.empty if at > self._label_at), default=len(self._headers))
        apart = [at for at in range(len(self._headers)) if not left < at < right]
        if label := next((self._headers[at] for at in apart if fold(self._headers[at]) in self._labels), None):
            raise WarehouseError(
                f"behind an empty column is another '{shown_header(label)}': a second table is next to the first",
                where=self._where,
                remedy="put each table into its own file",
            )
        return tuple(shown_header(self._headers[at]) for at in apart if at in self._wanted)
