"""Detects dates in a workbook in which a spreadsheet program swapped day and month while someone typed them.

If the program reads dates month first and someone types 3/5/2024 for the 3rd of May, it stores the 5th of March;
25/3/2024 is not a date to it and stays a text. So the column has texts that are dates in one order only, and no date
after the 12th of its month. The intended dates are unknown, so the column is read as it is stored, and reported.
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
"""The least number of dates: with so many, all are in the first twelve days by chance in 1 % of columns."""
_LAST_MONTH: Final = 12


class SwappedDays:
    """Finds columns with swapped days in one workbook; the table's columns are at `positions`."""

    def __init__(self, table: SourceTable, positions: Sequence[int | None]) -> None:
        self._columns = {
            at: column.name
            for at, column in zip(positions, table.columns, strict=True)
            if at is not None and column.kind in (Kind.DATE, Kind.TIMESTAMP)
        }
        self._with_texts: set[str] = set()
        self._days: defaultdict[str, Counter[int]] = defaultdict(Counter)

    def examine(self, columns: Sequence[pa.Array]) -> None:
        """Examine the next rows. The reader writes a date cell as 2024-05-03."""
        for at, name in self._columns.items():
            for cell in columns[at].to_pylist():
                if not cell:
                    continue
                if cell[4:5] == "-" and cell[8:10].isdigit():
                    self._days[name][int(cell[8:10])] += 1
                elif "/" in cell and order_shown_by(seen_value(cell)) is not None:
                    self._with_texts.add(name)

    def columns(self) -> tuple[str, ...]:
        """Return the columns with swapped days. Dates that are all the first of a month do not count as swapped."""
        return tuple(
            name
            for name, days in self._days.items()
            if name in self._with_texts and days.total() >= _FEWEST and max(days) <= _LAST_MONTH and set(days) != {1}
        )
