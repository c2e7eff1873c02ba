"""CSV: UTF-8 or Windows-1252; commas, semicolons or tabs; quoted line breaks; read as a stream."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from pipeline.common.errors import WarehouseError
from pipeline.common.read_ahead import read_ahead
from pipeline.ingest.readers import BrokenRow, RawBatch
from pipeline.ingest.readers.csv_quotes import refuse_stray_quotes
from pipeline.ingest.values.headers import fold

BLOCK_BYTES: Final = 16 * 1024 * 1024
"""A quoted cell, and so a row, can't be longer than this."""
MOST_BROKEN: Final = 500_000
"""A file with more broken rows in one go is broken itself."""
_HEADER_BYTES: Final = 1024 * 1024
_CHUNK_BYTES: Final = 256 * 1024
_DELIMITERS: Final = (",", ";", "\t")


class CsvFile:
    """One CSV file. `known_headers` help to tell the delimiter: the one that finds most of them."""

    dates_from_1904 = False

    def __init__(self, path: Path, where: str, known_headers: Sequence[str]) -> None:
        self._path = path
        self._where = where
        head = _head(path, where)
        self._encoding = "utf-8" if _is_utf8(path) else "cp1252"
        text = head.decode(self._encoding, errors="replace").removeprefix("\ufeff")
        self._delimiter, self.headers = _header(text, known_headers)
        if not any(header.strip() for header in self.headers):
            raise WarehouseError("the file has no header", where=where, remedy="its first line must name the columns")
        self._is_header_alone = len(head) < _HEADER_BYTES and _row_count(text, self._delimiter) == 1
        self.notices: tuple[str, ...] = ()
        if self._encoding == "cp1252":
            self.notices = (f"{where}: not UTF-8, read as Windows-1252",)

    def batches(self, positions: frozenset[int]) -> Iterator[RawBatch]:
        """The rows; blank lines are none. Row 1 is the header, and a row of several lines counts once.

        Raises WarehouseError, if not before then at the end, where quotes are not closed as `csv_quotes` wants it.
        """
        with ThreadPoolExecutor(1) as aside:
            quotes = aside.submit(refuse_stray_quotes, self._path, self._delimiter, self._where)
            try:
                yield from self._rows()
            except WarehouseError:
                quotes.result()  # if it raises, it knows better what is wrong
                raise
            quotes.result()

    def _rows(self) -> Iterator[RawBatch]:
        if self._is_header_alone:  # Arrow wants a line break behind a row that it skips
            return
        names = [str(at) for at in range(len(self.headers))]
        broken: list[BrokenRow] = []
        number = 1
        unseen = 0
        try:
            with self._open(names, broken) as stream:
                for batch in read_ahead(stream):
                    numbers, number, unseen = _row_numbers(batch.num_rows, number, broken, unseen)
                    wide = dict(zip(batch.schema.names, batch.columns, strict=True))
                    empty = pa.nulls(batch.num_rows, pa.string())
                    columns = tuple(wide.get(name, empty) for name in names)
                    fresh = tuple(broken[:unseen])
                    del broken[:unseen]
                    unseen = 0
                    yield RawBatch(*_without_blank_rows(numbers, columns), _readable(fresh))
            if broken:
                yield RawBatch(
                    pa.array([], pa.int64()), tuple(pa.array([], pa.string()) for _ in names), _readable(broken)
                )
        except (pa.ArrowInvalid, UnicodeError) as error:
            raise WarehouseError(
                f"the file can't be read as CSV: {_plain(error)}",
                where=self._where,
                remedy="save it again as CSV (UTF-8); look for a quote that is never closed",
            ) from error

    def _open(self, names: list[str], broken: list[BrokenRow]) -> pyarrow.csv.CSVStreamingReader:
        expected = len(names)

        def on_broken_row(row: pyarrow.csv.InvalidRow) -> str:
            reason = f"{row.actual_columns} cells where the header has {expected}"
            broken.append(BrokenRow(row.number or 0, row.text, reason))
            return "skip" if len(broken) < MOST_BROKEN else "error"

        # all columns are converted: a row is blank only if every cell is, wanted or not
        return pyarrow.csv.open_csv(
            self._path,
            read_options=pyarrow.csv.ReadOptions(
                use_threads=False,
                block_size=BLOCK_BYTES,
                column_names=names,
                skip_rows_after_names=1,
                encoding="utf8" if self._encoding == "utf-8" else self._encoding,
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=self._delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=on_broken_row,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                check_utf8=False,  # the file as a whole was, or Arrow makes it UTF-8
                column_types={name: pa.string() for name in names},
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                null_values=[""],
            ),
        )


def _head(path: Path, where: str) -> bytes:
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise WarehouseError("the file is UTF-16 text", where=where, remedy="save it as CSV UTF-8")
    return head


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while chunk := file.read(_CHUNK_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _header(text: str, known_headers: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The delimiter and the first row: of the delimiters the one that gives most known headers, then most cells."""
    known = {fold(header) for header in known_headers}
    rows = {delimiter: _first_row(text, delimiter) for delimiter in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda d: (sum(fold(cell) in known for cell in rows[d]), len(rows[d])))
    return best, rows[best]


def _first_row(text: str, delimiter: str) -> tuple[str, ...]:
    try:
        return tuple(next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), []))
    except csv.Error:
        return ()


def _row_count(text: str, delimiter: str) -> int:
    """Count rows, up to two."""
    try:
        return sum(1 for _ in islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 2))
    except csv.Error:
        return 2


def _row_numbers(rows: int, last: int, broken: list[BrokenRow], seen: int) -> tuple[pa.Array, int, int]:
    """The numbers of the next `rows` good rows after row `last`, leaving out the broken ones between them."""
    if seen == len(broken):
        return pa.array(np.arange(last + 1, last + rows + 1)), last + rows, seen
    numbers: list[int] = []
    number = last
    while len(numbers) < rows:
        number += 1
        if seen < len(broken) and broken[seen].number == number:
            seen += 1
        else:
            numbers.append(number)
    return pa.array(numbers, pa.int64()), number, seen


def _without_blank_rows(numbers: pa.Array, columns: tuple[pa.Array, ...]) -> tuple[pa.Array, tuple[pa.Array, ...]]:
    full = pa.array([False] * len(numbers))
    for column in columns:
        has_text = pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(column), ""), False)
        full = pc.or_(full, has_text)
        if pc.all(full).as_py():  # nearly always by the first column, and filtering would copy all of them
            return numbers, columns
    return numbers.filter(full), tuple(column.filter(full) for column in columns)


def _readable(rows: Sequence[BrokenRow]) -> tuple[BrokenRow, ...]:
    """The broken rows that say anything: a line of nothing but delimiters is an empty row."""
    return tuple(row for row in rows if row.text.strip(' \t\r\n",;'))


def _plain(error: Exception) -> str:
    return str(error).splitlines()[0]
