"""Decides which ragged lines of a CSV file, with more or fewer cells than most, are rows, and which are rejects.

Missing or additional empty cells at the end of a line do not matter (source-schema). Other lines are rejects.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from pipeline.ingest.readers import BrokenRow
from pipeline.ingest.readers.split_amounts import NEEDS_QUOTES, has_split_amount

CUT_OFF: Final = "the file ends in the middle of this row"
"""The reason of an incomplete last line. The rest of the file is missing, too."""
_FEWEST_TO_TELL_PIECES: Final = 5
"""In narrower tables, two short lines often have as many cells as one row that was broken in two."""
_MOST_PIECES: Final = 6
_END_MARKS: Final = "\x1a\0"
"""Characters with which DOS programs end a file, and with which copies fill its last block."""


@dataclass(frozen=True)
class WholeRow:
    """A line that is a row: its number, and one cell for each header. Empty cells are None."""

    number: int
    cells: tuple[str | None, ...]


@dataclass(frozen=True)
class RaggedLine:
    """A line with more or fewer cells than most: its number and its text."""

    number: int
    text: str


class RaggedLines:
    """Judges the ragged lines of one file. `headers` is the number of headers.

    `unfinished` is the last line if no line break ends it, otherwise None.
    """

    def __init__(self, headers: int, delimiter: str, unfinished: str | None) -> None:
        self._headers = headers
        self._delimiter = delimiter
        self._unfinished = unfinished
        self._short_lines = 0
        self.most_cells = 0
        """The largest number of cells in the lines that are rows."""

    def judge(self, lines: Sequence[RaggedLine]) -> tuple[list[WholeRow], list[BrokenRow]]:
        """Separate rows from broken lines; blank lines are neither."""
        rows: list[WholeRow] = []
        broken: list[BrokenRow] = []
        cells_of = [self._cells(line.text) for line in lines]
        pieces = self._pieces(lines, cells_of)
        for at, (line, cells) in enumerate(zip(lines, cells_of, strict=True)):
            if not any(cell.strip().strip(_END_MARKS) for cell in cells):
                continue
            reason = "a piece of a row that has an unquoted line break" if at in pieces else None
            reason = reason or self._fault(line, cells)
            if reason is not None:
                broken.append(BrokenRow(line.number, line.text, reason))
                continue
            self._short_lines += len(cells) < self._headers
            self.most_cells = max(self.most_cells, len(cells))
            filled = [cell or None for cell in cells[: self._headers]]
            rows.append(WholeRow(line.number, (*filled, *[None] * (self._headers - len(filled)))))
        return rows, broken

    def _cells(self, text: str) -> list[str]:
        try:
            return next(csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter), [])
        except csv.Error:
            return [text]

    def _fault(self, line: RaggedLine, cells: Sequence[str]) -> str | None:
        counts = f"{len(cells)} cell{'s' * (len(cells) != 1)} where the header has {self._headers}"
        is_split = len(cells) > self._headers and has_split_amount(self._delimiter, cells)
        if is_split or any(cell.strip() for cell in cells[self._headers :]):
            return f"{counts}: {NEEDS_QUOTES}" if is_split else counts
        if len(cells) >= self._headers:
            return None
        if len(cells) == 1 < self._headers - 1:  # a remark
            return counts
        if self._short_lines == 0 and self._unfinished == line.text:
            return f"{counts}: {CUT_OFF}"
        return None

    def _pieces(self, lines: Sequence[RaggedLine], cells_of: Sequence[Sequence[str]]) -> set[int]:
        """Return the consecutive lines that together have the cells of one row, broken by a line break in a cell."""
        pieces: set[int] = set()
        if self._headers < _FEWEST_TO_TELL_PIECES:
            return pieces
        for start in range(len(lines)):
            if start in pieces:
                continue
            for end in range(start + 2, min(start + _MOST_PIECES, len(lines)) + 1):
                run = range(start, end)
                if not all(lines[b].number == lines[a].number + 1 for a, b in pairwise(run)):
                    break
                if sum(len(cells_of[at]) for at in run) == self._headers + len(run) - 1:
                    pieces.update(run)
                    break
        return pieces
