"""Reads the rows of a worksheet as a stream: each with its visible number, and the texts of its cells by column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from pipeline.ingest.readers.workbook_cells import CellTexts
from pipeline.ingest.readers.workbook_xml import DEEPEST, Attributes, WorkbookXmlError, XmlParser, local_name, too_deep

MOST_ROWS: Final = 1_048_576
MOST_COLUMNS: Final = 16_384
"""The most rows and columns of a sheet in Excel and LibreOffice."""
MOST_CELLS: Final = 64_000_000
"""The limit of the rectangle that a sheet's rows and columns span: all rows with sixty columns are within it."""

_CELL, _VALUE, _TEXT, _ROW, _FORMULA, _SOUND, _TABLE, _OTHER = range(1, 9)
_PARTS: Final = {
    "c": _CELL,
    "v": _VALUE,
    "t": _TEXT,
    "row": _ROW,
    "f": _FORMULA,
    "rPh": _SOUND,
    "sheetData": _TABLE,
}
_HOLDING_TEXT: Final = (_VALUE, _TEXT)

_BEFORE_MERGED_CELLS: Final = frozenset(
    {"sheetCalcPr", "sheetProtection", "protectedRanges", "protectedRange", "autoFilter", "filterColumn", "filters"}
    | {
        "filter",
        "dateGroupItem",
        "customFilters",
        "customFilter",
        "dynamicFilter",
        "top10",
        "colorFilter",
        "iconFilter",
    }
    | {"sortState", "sortCondition", "mergeCells"}
)
"""Elements between a sheet's table and the list of its merged cells (ECMA-376 part 1, 18.3.1.99)."""
_MOST_MERGED: Final = 100_000

Row = tuple[int, dict[int, str]]


class BeyondGridError(Exception):
    """A sheet that spans more rows and columns than a sheet can have, or than are read."""

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__(f"the sheet spans {rows:,} rows and {columns:,} columns, more than {MOST_CELLS:,} cells")


class _Grid:
    """The current position while reading a sheet: the row's number, and the width of the sheet."""

    def __init__(self) -> None:
        self.number = 0
        self.row_text = ""
        """The row's number as it appears in its cells' references; empty if it is not known yet."""
        self.columns: dict[str, int] = {}
        """The columns, from 0, by the letters in the references of cells so far."""
        self._widest = 1

    def start_row(self, given: str | None) -> None:
        """Go to the row with this number, or to the next one. Raises BeyondGridError if no sheet can have it."""
        self.row_text = (given or "").strip()
        self._go_to(_row_number(self.row_text) if self.row_text else self.number + 1)

    def column_of(self, reference: str, *, is_first: bool) -> int:
        """Return the column of a cell reference that is new or has an unusual form: `B12`, `b12`, `$B$12`.

        Its row number must be that of the current row. If the row has no number, its first cell's reference defines it.
        """
        letters = reference.rstrip("0123456789")
        digits = reference[len(letters) :]
        name = letters.strip("$").upper()
        if not (name.isascii() and name.isalpha()):
            raise WorkbookXmlError(f"a cell in it has the reference {reference[:20]!r}")
        column = column_number(name[:8])
        number = _row_number(digits)
        if is_first and not self.row_text:
            self.row_text = digits
            self._go_to(number)
        if number != self.number:
            raise WorkbookXmlError(f"its cell {reference[:20]!r} is in row {self.number:,}")
        self.widen(column)
        self.columns[letters] = column - 1
        return column - 1

    def widen(self, columns: int) -> None:
        """Record a column. Raises BeyondGridError if no sheet can have it, or the sheet spans too much."""
        self._widest = max(self._widest, columns)
        self._must_be_within()

    def _go_to(self, number: int) -> None:
        self.number = number
        self._must_be_within()

    def _must_be_within(self) -> None:
        if self.number > MOST_ROWS or self._widest > MOST_COLUMNS or self.number * self._widest > MOST_CELLS:
            raise BeyondGridError(self.number, self._widest)


def read_rows(pieces: Iterable[bytes], texts: CellTexts, merged: list[str]) -> Iterator[Row]:
    """Yield the rows of a sheet that contain text, in the file's order; columns count from 0.

    The merged cells, such as `B2:B5`, follow the table in the file and are added to `merged` at the end. The rest of
    the file is unpacked to detect damage, but not parsed. Raises WorkbookXmlError for XML that is damaged or exceeds a
    limit, BeyondGridError for a sheet that spans too much.
    """
    table = _Table(texts)
    for piece in pieces:
        if table.parser.is_over:
            continue
        table.parser.feed(piece)
        yield from table.done
        table.done.clear()
    if not table.is_ended:
        table.parser.feed(b"", is_last=True)
    merged += table.merged


class _Table:
    """The handlers of a sheet's elements. Complete rows are in `done`."""

    def __init__(self, texts: CellTexts) -> None:
        self.done: list[Row] = []
        self.merged: list[str] = []
        self.is_ended = False
        self.parser = XmlParser(self._start, self._end)
        self._held = self.parser.texts
        self._texts = texts
        self._grid = _Grid()
        self._columns = self._grid.columns
        self._parts: dict[str, int] = {}
        self._runs: list[str] = []
        self._row: dict[int, str] | None = None
        self._cell: Attributes | None = None
        self._value: str | None = None
        self._column = -1
        self._others = 0
        self._silent_above = DEEPEST
        self._has_formula = self._is_begun = False

    def _start(self, name: str, attributes: Attributes) -> None:
        element = self._parts.get(name)
        if element is None:
            element = self._parts[name] = _PARTS.get(local_name(name), _OTHER)
            self.parser.note_names((name,))
        if element == _CELL and self._row is not None:
            if self._cell is not None:
                raise WorkbookXmlError("a cell in it is inside another cell")
            self._cell, self._value, self._has_formula = attributes, None, False
        elif element in _HOLDING_TEXT:
            if self.parser.is_in_text:
                raise WorkbookXmlError("a text in it is inside another text")
            self.parser.is_in_text = True
            self._held.clear()
            if attributes:
                self.parser.note_names(attributes)
        else:
            self.parser.note_names(attributes)
            if element == _ROW and self._is_begun:
                self._start_row(attributes.get("r"))
            else:
                self._start_other(element)

    def _start_row(self, number: str | None) -> None:
        if self._row is not None:
            raise WorkbookXmlError("a row in it is inside another row")
        self._row, self._column = {}, -1
        self._grid.start_row(number)

    def _start_other(self, element: int) -> None:
        self._others += 1
        if self._others > DEEPEST:
            raise too_deep()
        if element == _FORMULA:
            self._has_formula = True
        elif element == _TABLE:
            self._is_begun = True
        elif element == _SOUND:
            self._silent_above = min(self._silent_above, self._others)

    def _end(self, name: str) -> None:
        element = self._parts[name]
        if element == _CELL and self._cell is not None:
            self._end_cell(self._cell)
            self._cell = None
        elif element in _HOLDING_TEXT:
            self.parser.is_in_text = False
            held = self._held
            text = held[0] if len(held) == 1 else "".join(held)
            if element == _VALUE:
                self._value = text
            elif self._others < self._silent_above:
                self._runs.append(text)
        elif element == _ROW and self._row is not None:
            if self._row:
                self.done.append((self._grid.number, self._row))
            self._row = None
        else:
            self._end_other(element)

    def _end_other(self, element: int) -> None:
        self._others -= 1
        if self._others < self._silent_above:
            self._silent_above = DEEPEST
        if element == _TABLE:
            self.is_ended = True
            self.parser.go_on_with(self._start_behind, self._end_behind)

    def _start_behind(self, name: str, attributes: Attributes) -> None:
        """Record merged cells; stop parsing if there are none or no more."""
        self._others += 1
        element = local_name(name)
        if element == "mergeCell" and len(self.merged) < _MOST_MERGED:
            self.merged.append(attributes.get("ref", ""))
        elif element not in _BEFORE_MERGED_CELLS or self._others > DEEPEST:
            self.parser.stop()
        self.parser.note_names((name, *attributes))

    def _end_behind(self, name: str) -> None:
        self._others -= 1
        if local_name(name) == "mergeCells":
            self.parser.stop()

    def _end_cell(self, attributes: Attributes) -> None:
        row = self._row
        assert row is not None
        found = attributes.get
        reference, kind, style = found("r"), found("t"), found("s")
        if reference is None:
            column = self._column + 1
            self._grid.widen(column + 1)
        else:
            letters = reference.rstrip("0123456789")
            column = self._columns.get(letters, -1)
            if column < 0 or reference[len(letters) :] != self._grid.row_text:
                column = self._grid.column_of(reference, is_first=not row)
        self._column = column
        if len(attributes) > (reference is not None) + (kind is not None) + (style is not None):
            self.parser.note_names(attributes)
        if self._runs:
            row[column] = self._texts.of_runs(self._runs)
            self._runs.clear()
        elif self._value:
            row[column] = self._texts.of_value(kind, style, self._value)
        elif (text := self._texts.of_nothing(kind, has_formula=self._has_formula)) is not None:
            row[column] = text


def column_number(letters: str) -> int:
    """Return the number, from 1, of a column named by capital letters: 28 for AB."""
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column


def _row_number(digits: str) -> int:
    """Parse a row number. Only its first 20 digits are read, which is enough to detect that it is too large."""
    if not (digits.isascii() and digits.isdigit()):
        raise WorkbookXmlError(f"a row in it is numbered {digits[:20]!r}")
    return int(digits[:20])
