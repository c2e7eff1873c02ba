"""A second table to the right of a file's first one, behind an empty column: which of the columns may be its own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pyarrow as pa

from pipeline.common.errors import WarehouseError
from pipeline.ingest.schema import SourceTable
from pipeline.ingest.second_tables import is_filled, labels_of
from pipeline.ingest.values.headers import fold, shown_header


class TablesBeside:
    """Finds them in one file, called `where`, whose `headers` are the table's columns at `positions`.

    A spreadsheet takes what stands behind an empty column for another table, and a person may have left the column
    empty: only a header that names what identifies a row decides, for a table has one of those.
    """

    def __init__(self, table: SourceTable, headers: Sequence[str], positions: Sequence[int | None], where: str) -> None:
        self._where = where
        self._headers = headers
        self._labels = labels_of(table)
        self._wanted = {at for at in positions if at is not None}
        placed = zip(positions, table.columns, strict=True)
        self._label_at = next(at for at, column in placed if at is not None and column.required)
        named = [at for at, header in enumerate(headers) if fold(header)]
        is_spaced = all(right - left > 1 for left, right in pairwise(named))  # as where || stands between cells
        between = range(0) if is_spaced else range(named[0], named[-1])
        self.empty = frozenset(at for at in between if not fold(headers[at]))
        """The columns without a header, between others, in which no cell was seen."""

    def look(self, columns: Sequence[pa.Array]) -> None:
        """Look at the rows that come next."""
        self.empty = frozenset(at for at in self.empty if not is_filled(columns[at]).any())

    def columns_apart(self) -> tuple[str, ...]:
        """Return the headers of the wanted columns that an empty one parts from the table's label.

        Raises WarehouseError where the columns there have a label of their own.
        """
        left = max((at for at in self.empty if at < self._label_at), default=-1)
        right = min((at for at in self.empty if at > self._label_at), default=len(self._headers))
        apart = [at for at in range(len(self._headers)) if not left < at < right]
        if label := next((self._headers[at] for at in apart if fold(self._headers[at]) in self._labels), None):
            raise WarehouseError(
                f"behind an empty column is another '{shown_header(label)}': a second table stands beside the first",
                where=self._where,
                remedy="bring each table in a file of its own",
            )
        return tuple(shown_header(self._headers[at]) for at in apart if at in self._wanted)
