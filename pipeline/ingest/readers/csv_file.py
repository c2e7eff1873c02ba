"""Reads CSV files as a stream with Arrow, in several encodings and with different separators.

`text_file.py` detects the encoding, `csv_layout.py` the layout; `csv_quotes.py` checks the quotes, and `csv_rows.py`
decides which ragged lines are rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from pipeline.common.errors import WarehouseError
from pipeline.common.read_ahead import read_ahead
from pipeline.ingest.readers import BrokenRow, RawBatch, Reading
from pipeline.ingest.readers.csv_layout import detect_layout
from pipeline.ingest.readers.csv_quotes import refuse_stray_quotes
from pipeline.ingest.readers.csv_rows import RaggedLine, RaggedLines, WholeRow
from pipeline.ingest.readers.split_amounts import NEEDS_QUOTES, has_split_amount, is_split
from pipeline.ingest.readers.text_file import BROKEN, detect_text
from pipeline.ingest.values.headers import fold
from pipeline.settings import CodePage

BLOCK_BYTES: Final = 16 * 1024 * 1024
"""The size of a block for Arrow, and so the longest possible row."""
MOST_BROKEN: Final = 500_000
"""A file with more consecutive broken rows is rejected as a whole."""

_BROKEN_BYTES: Final = BROKEN.encode()
_SHOWN_BROKEN: Final = "\ufffd"
"""One character for each broken byte, so that the guard near_header still recognises a header."""


class CsvFile:
    """One CSV file. The separator and the line of headers are those by which most of `known_headers` are found."""

    dates_from_1904 = False

    def __init__(self, path: Path, where: str, known_headers: Sequence[str], code_page: CodePage = "auto") -> None:
        self._where = where
        self._text = detect_text(path, where, code_page)
        self._layout = detect_layout(self._text.head, self._text.is_whole, known_headers, where)
        self.headers = tuple(header.replace(BROKEN, _SHOWN_BROKEN) for header in self._layout.headers)
        self.reading = Reading(self._text.encoding, self._layout.delimiter, self._layout.header_line + 1)
        notices = [self._text.notice] if self._text.notice else []
        if self._layout.header_line:
            notices.append(f"the headers are in line {self._layout.header_line + 1}")
        self.notices: tuple[str, ...] = tuple(f"{where}: {notice}" for notice in notices)

    def batches(self, positions: frozenset[int]) -> Iterator[RawBatch]:
        """Yield the rows without blank lines. A row of several lines counts as one row number.

        Raises WarehouseError, at the latest after all rows, if quotes are not closed properly (`csv_quotes`).
        """
        with ThreadPoolExecutor(1) as aside:
            quotes = aside.submit(refuse_stray_quotes, self._text.open, self._layout.delimiter, self._where)
            try:
                yield from self._rows()
            except WarehouseError:
                quotes.result()  # if it raises, its error is more specific
                raise
            quotes.result()

    def _rows(self) -> Iterator[RawBatch]:
        if self._layout.is_header_alone:  # Arrow needs a line break after a row that it skips
            return
        ragged: list[RaggedLine] = []
        judge = RaggedLines(len(self.headers), self._layout.delimiter, self._text.unfinished_line())
        number = self._layout.header_line + 1
        unseen = 0
        has_even_lines = False
        try:
            with self._open(ragged) as stream:
                for batch in read_ahead(stream):
                    has_even_lines = has_even_lines or batch.num_rows > 0
                    numbers, number, unseen = _row_numbers(batch.num_rows, number, ragged, unseen)
                    lines = ragged[:unseen]
                    del ragged[:unseen]
                    unseen = 0
                    yield self._batch(numbers, batch.columns, judge, lines)
            if ragged:
                yield self._batch(pa.array([], pa.int64()), (), judge, ragged)
        except (pa.ArrowInvalid, UnicodeError) as error:
            raise WarehouseError(
                f"the file can't be read as CSV: {_plain(error)}",
                where=self._where,
                remedy="save it again as CSV (UTF-8), or search for a quote that is never closed",
            ) from error
        if not has_even_lines and judge.most_cells:
            without_cells = tuple(filter(fold, self.headers[judge.most_cells :]))
            self.reading = replace(self.reading, headers_without_cells=without_cells)

    def _batch(
        self, numbers: pa.Array, columns: Sequence[pa.Array], judge: RaggedLines, lines: Sequence[RaggedLine]
    ) -> RawBatch:
        """Return a batch of the rows of even lines, with the rows of ragged lines inserted in order."""
        named = len(self.headers)
        absent = pa.nulls(len(numbers), pa.string())
        numbers, columns = _without_blank_rows(
            numbers, [*columns, *[absent] * (named - len(columns))] if len(columns) < named else columns
        )
        rows, broken = judge.judge(lines) if lines else ([], [])
        if len(columns) > named:
            numbers, columns, longer = self._without_longer_rows(numbers, columns)
            broken = sorted([*broken, *longer], key=lambda row: row.number)
        if rows:
            numbers, columns = _with_rows(numbers, columns, rows)
        if not self._text.is_plain:
            columns = [_with_broken_bytes(column) for column in columns]
            broken = [replace(row, text=row.text.replace(BROKEN, _SHOWN_BROKEN)) for row in broken]
        return RawBatch(numbers, tuple(columns), tuple(broken))

    def _without_longer_rows(
        self, numbers: pa.Array, columns: Sequence[pa.Array]
    ) -> tuple[pa.Array, Sequence[pa.Array], list[BrokenRow]]:
        """Remove the cells beyond the headers; rows in which these are not empty are broken.

        Rows in which the comma of an amount splits it into two cells are broken as well.
        """
        named, delimiter = len(self.headers), self._layout.delimiter
        is_long = _any_filled(len(numbers), columns[named:])
        is_broken = pc.or_(is_long, is_split(columns, delimiter, self._layout.split_column))
        if not pc.any(is_broken).as_py():
            return numbers, columns[:named], []
        counts = f"{len(columns)} cells where the header has {named}"
        texts = _joined(columns, is_broken, delimiter)
        cells = zip(*(column.filter(is_broken).to_pylist() for column in columns), strict=True)
        reasons = [f"{counts}: {NEEDS_QUOTES}" if has_split_amount(delimiter, line) else counts for line in cells]
        broken_numbers = numbers.filter(is_broken).to_pylist()
        broken = [BrokenRow(*one) for one in zip(broken_numbers, texts, reasons, strict=True)]
        return *_filtered(numbers, columns[:named], pc.invert(is_broken)), broken

    def _open(self, ragged: list[RaggedLine]) -> pyarrow.csv.CSVStreamingReader:
        names = [str(at) for at in range(self._layout.width)]

        def on_ragged_line(row: pyarrow.csv.InvalidRow) -> str:
            ragged.append(RaggedLine(row.number or 0, row.text))
            return "skip" if len(ragged) < MOST_BROKEN else "error"

        # all columns are converted, because a row is blank only if every cell is, needed or not
        return pyarrow.csv.open_csv(
            str(self._text.path) if self._text.is_plain else self._text.open(),
            read_options=pyarrow.csv.ReadOptions(
                use_threads=False,
                block_size=BLOCK_BYTES,
                column_names=names,
                skip_rows_after_names=self._layout.header_line + 1,
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=self._layout.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=on_ragged_line,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                check_utf8=False,  # the whole file was checked, or is converted to UTF-8
                column_types={name: pa.string() for name in names},
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                null_values=[""],
            ),
        )


def _row_numbers(rows: int, last: int, ragged: Sequence[RaggedLine], seen: int) -> tuple[pa.Array, int, int]:
    """Return the numbers of the next `rows` even lines after line `last`, skipping ragged lines between them."""
    if seen == len(ragged):
        return pa.array(np.arange(last + 1, last + rows + 1)), last + rows, seen
    numbers: list[int] = []
    number = last
    while len(numbers) < rows:
        number += 1
        if seen < len(ragged) and ragged[seen].number == number:
            seen += 1
        else:
            numbers.append(number)
    return pa.array(numbers, pa.int64()), number, seen


def _without_blank_rows(numbers: pa.Array, columns: Sequence[pa.Array]) -> tuple[pa.Array, Sequence[pa.Array]]:
    full = _any_filled(len(numbers), columns)
    return (numbers, columns) if pc.all(full).as_py() else _filtered(numbers, columns, full)


def _any_filled(rows: int, columns: Sequence[pa.Array]) -> pa.Array:
    """Mark the rows that have a filled cell in the columns."""
    filled = pa.array(np.zeros(rows, dtype=bool))
    for column in columns:
        has_text = pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(column), ""), False)
        filled = pc.or_(filled, has_text)
        if pc.all(filled).as_py():  # nearly always after the first column
            break
    return filled


def _filtered(numbers: pa.Array, columns: Sequence[pa.Array], chosen: pa.Array) -> tuple[pa.Array, Sequence[pa.Array]]:
    return numbers.filter(chosen), [column.filter(chosen) for column in columns]


def _joined(columns: Sequence[pa.Array], chosen: pa.Array, delimiter: str) -> list[str]:
    """Return the chosen rows as lines of text, for the rejects."""
    cells = [column.filter(chosen).to_pylist() for column in columns]
    return [delimiter.join(cell or "" for cell in row) for row in zip(*cells, strict=True)]


def _with_rows(
    numbers: pa.Array, columns: Sequence[pa.Array], rows: Sequence[WholeRow]
) -> tuple[pa.Array, Sequence[pa.Array]]:
    """Return the rows merged with further ones, in the order of their numbers."""
    numbers = pa.concat_arrays([numbers, pa.array([row.number for row in rows], pa.int64())])
    order = pc.array_sort_indices(numbers)
    added = [pa.array([row.cells[at] for row in rows], pa.string()) for at in range(len(columns))]
    merged = [pa.concat_arrays([column, more]).take(order) for column, more in zip(columns, added, strict=True)]
    return numbers.take(order), merged


def _with_broken_bytes(column: pa.Array) -> pa.Array:
    """Return a column with broken bytes as bytes that are not UTF-8, so that the cell rules reject these cells."""
    if not pc.any(pc.match_substring(column, BROKEN)).as_py():
        return column
    return pc.replace_substring(column.cast(pa.binary()), _BROKEN_BYTES, b"\xff")


def _plain(error: Exception) -> str:
    return str(error).splitlines()[0]
