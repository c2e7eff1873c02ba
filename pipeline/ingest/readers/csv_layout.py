"""Detects the layout of a CSV file from its first lines: the separator, the line of headers, the cells per line."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Final

from pipeline.common.errors import WarehouseError
from pipeline.ingest.readers.split_amounts import split_column
from pipeline.ingest.readers.text_file import HEAD_BYTES
from pipeline.ingest.values.headers import (
    MOST_LINES_ABOVE,
    find_header,
    fold,
    join_headers,
    known_headers,
    shown_header,
)

_DELIMITERS: Final = (",", ";", "\t", "|")
_FIRST_LINES: Final = 200
_FEWEST_QUOTED: Final = 2
"""A single cell in single quotes may be a name."""
_OTHER_LINE_ENDS: Final = {"\x85": "NEL, U+0085", "\u2028": "U+2028", "\u2029": "U+2029"}
"""Line ends of mainframes and some editors, which CSV readers do not support."""
_SEP: Final = re.compile(r'"?sep=(?P<sign>\\t|[^\r\n"])?"?[,;\t ]*', re.IGNORECASE)
"""A line of its own that names the separator for a spreadsheet: sep=;"""

csv.field_size_limit(2 * HEAD_BYTES)  # a header of 200 KB is odd, but other headers must still be found


@dataclass(frozen=True)
class CsvLayout:
    """The layout of a CSV file. Lines and cells count from 0; a row with quoted line breaks counts as one line.

    `width` is the number of cells that most lines have. It exceeds the number of headers if each line ends in a
    separator, or if each has an amount that its comma splits into two cells, from `split_column` on.
    """

    delimiter: str
    header_line: int
    headers: tuple[str, ...]
    width: int
    is_header_alone: bool
    split_column: int | None = None


def detect_layout(head: str, is_whole: bool, wanted_headers: Sequence[str], where: str) -> CsvLayout:
    """Detect the separator and line of headers that find most `wanted_headers`, or else most cells in the first line.

    `head` is the file's beginning, or all of it (`is_whole`). Raises WarehouseError if there are no headers.
    """
    names = {fold(header) for header in wanted_headers}
    found = [(delimiter, lines, find_header(lines, names)) for delimiter, lines in _readings(head)]
    delimiter, lines, at = max(
        found, key=lambda one: (known_headers(one[1][one[2]], names), len(one[1][0])) if one[1] else (-1, 0)
    )
    headers = tuple(join_headers(lines, at, names)) if lines else ()
    if not any(fold(header) for header in headers):
        raise WarehouseError("the file has no headers", where=where, remedy="name the columns in its first line")
    data = lines[at + 1 :]
    if not data and (end := next((end for end in _OTHER_LINE_ENDS if any(end in cell for cell in lines[at])), None)):
        raise WarehouseError(
            f"its lines end in {_OTHER_LINE_ENDS[end]}",
            where=where,
            remedy="save it with Windows or Unix line ends",
        )
    _must_have_usual_quotes(data, where)
    if _has_row_names(headers, data) and split_column(delimiter, data) is None:
        headers = ("", *headers)
    is_alone = is_whole and len(lines) == at + 1
    if not is_whole and not data and len(lines) <= MOST_LINES_ABOVE + 1:
        raise WarehouseError(
            f"the headers take more than {HEAD_BYTES // 1024} KiB",
            where=where,
            remedy="search the first lines for a quote that is never closed",
        )
    width = _usual_width(headers, data)
    longer = [line for line in data if len(line) == width > len(headers)]
    return CsvLayout(delimiter, at, headers, width, is_alone, split_column(delimiter, longer))


def _must_have_usual_quotes(data: Sequence[Sequence[str]], where: str) -> None:
    """Raise WarehouseError if the quotes around a column's cells would be read as text."""
    for column in zip_longest(*data, fillvalue=""):
        cells = [cell for cell in column if cell.strip()]
        if len(cells) < _FEWEST_QUOTED:
            continue
        if all(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in cells):
            what, remedy = "its cells are in single quotes", "save it again with double quotes"
        elif all(cell[0].isspace() and cell.lstrip()[0] == '"' for cell in cells):
            what, remedy = "there are blanks before its quotes", "save it again without them"
        else:
            continue
        raise WarehouseError(f"{what}, as in {shown_header(cells[0])}", where=where, remedy=remedy)


def _readings(head: str) -> list[tuple[str, list[list[str]]]]:
    """Return the first lines by each possible separator. One named by the file (`sep=;`) comes first and wins ties."""
    named = _SEP.fullmatch(re.split("[\r\n]", head, maxsplit=1)[0])
    sign = None if named is None else (named["sign"] or "\t").replace("\\t", "\t")
    delimiters = dict.fromkeys([sign, *_DELIMITERS] if sign else _DELIMITERS)
    readings = []
    for delimiter in delimiters:
        if len(delimiter.encode()) != 1 or delimiter.isalnum():
            continue
        lines = _lines(head, delimiter)
        if named is not None and lines:
            lines[0] = []  # the line that names the separator has no headers
        readings.append((delimiter, lines))
    return readings


def _lines(head: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    lines: list[list[str]] = []
    with contextlib.suppress(csv.Error):  # errors are reported when the rows are read
        lines.extend(islice(reader, _FIRST_LINES))
    return lines


def _has_row_names(headers: Sequence[str], data: Sequence[Sequence[str]]) -> bool:
    """Return whether lines begin with their number without a header, as R writes row names.

    If the last cells are all empty, the first cell may be an id, and the last separator may be superfluous.
    """
    lines = [line for line in data if line]
    numbers = [str(at) for at in range(1, len(lines) + 1)]
    is_longer = all(len(line) == len(headers) + 1 for line in lines) and any(line[-1].strip() for line in lines)
    return is_longer and [line[0] for line in lines] == numbers


def _usual_width(headers: Sequence[str], data: Sequence[Sequence[str]]) -> int:
    """Return the number of cells that most lines have, or that of the headers if cells without a header are filled.

    Lines that are too short for the last header with a name do not count; cells of blank headers at the end may be
    missing.
    """
    named = len(headers)
    fewest = max(at for at, header in enumerate(headers, start=1) if fold(header))
    widths = Counter(len(line) for line in data if len(line) >= fewest)
    usual = widths.most_common(1)[0][0] if widths else named
    has_more = any(cell.strip() for line in data if len(line) == usual for cell in line[named:])
    return named if has_more else usual
