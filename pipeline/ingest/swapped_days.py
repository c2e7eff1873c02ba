"""Days of a workbook whose day and month a spreadsheet has swapped while someone typed them.

Where a spreadsheet takes 3/5/2024 as month first and someone means the 3rd of May, it stores the 5th of March; to it
25/3/2024 is no date and stays a text. So a column has texts, which only one order makes a date, beside dates none of
which is later than the 12th of its month. Nobody can know what was meant: it is read as it is stored, and reported.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from pipeline.ingest.schema import Kind, SourceTable
from pipeline.ingest.values.cells import seen_value
from pipeline.ingest.values.dates import order_shown_by

_FEWEST: Final = 5
"""Dates: that all of so many are of the first twelve days is chance in one of a hundred columns."""
_LAST_MONTH: Final = 12


class SwappedDays:
    """Looks for them in a workbook's columns, which stand at `positions`."""

    def __init__(self, table: SourceTable, positions: Sequence[int | None]) -> None:
        self._columns = {
            at: column.name
            for at, column in zip(positions, table.columns, strict=True)
            if at is not None and column.kind in (Kind.DATE, Kind.TIMESTAMP)
        }
        self._with_texts: set[str] = set()
        self._days: defaultdict[str, Counter[int]] = defaultdict(Counter)

    def look(self, columns: Sequence[pa.Array]) -> None:
        """Look at the rows that come next; the reader writes a date cell as 2024-05-03."""
        for at, name in self._columns.items():
            for cell in columns[at].to_pylist():
                if not cell:
                    continue
                if cell[4:5] == "-" and cell[8:10].isdigit():
                    self._days[name][int(cell[8:10])] += 1
                elif "/" in cell and order_shown_by(seen_value(cell)) is not None:
                    self._with_texts.add(name)

    def columns(self) -> tuple[str, ...]:
        """Return the columns of which all that was looked at is so; contracts may all begin on the first of a month."""
        return tuple(
            name
            for name, days in self._days.items()
            if name in self._with_texts and days.total() >= _FEWEST and max(days) <= _LAST_MONTH and set(days) != {1}
        )
