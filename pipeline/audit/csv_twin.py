"""Compares a staged CSV file with its Parquet file on disk, column by column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from pipeline.audit.results import SAMPLES

_BLOCK: Final = 2**20
"""Bytes of a CSV file that are parsed at a time, so that they fit a core's cache."""


_BLOCKS_COMPARED: Final = 16
"""Blocks that are compared at a time: the more there are, the more values repeat."""


_LONGEST_HEADER: Final = 2**20


_SAMPLED: Final = 1024
"""Values that show whether a column holds ids: a dictionary of a million ids took 0.05 s of CPU (2026-11-29)."""


@dataclass(frozen=True)
class CsvShape:
    """The columns of a CSV file in their order, and its number of rows."""

    names: tuple[str, ...]
    rows: int


@dataclass(frozen=True)
class DifferingCells:
    """All rows in which a CSV column differs from the Parquet column, and the CSV's first few such cells."""

    rows: np.ndarray[Any, np.dtype[np.int64]]
    in_csv: tuple[str | None, ...]

    def after(self, earlier: DifferingCells | None) -> DifferingCells:
        """Return these cells appended to those of an earlier part of the file."""
        if earlier is None:
            return self
        cells = (earlier.in_csv + self.in_csv)[:SAMPLES]
        return DifferingCells(np.concatenate([earlier.rows, self.rows]), cells)


def compare_csv(path: Path, rows: pa.Table | None) -> tuple[CsvShape, Mapping[str, DifferingCells]]:
    """Read a CSV file and compare it with the rows of its Parquet file, one part at a time."""
    with pa.memory_map(str(path)) as file:
        content = file.read_buffer()
    try:
        return _compare(_open_csv(content, _BLOCK), rows)
    except pa.ArrowInvalid:  # one row may be longer than a block
        return _compare(_open_csv(content, max(content.size, _BLOCK)), rows)


def _open_csv(content: pa.Buffer, block: int) -> pacsv.CSVStreamingReader:
    must_be_utf8(content)
    header = content[:_LONGEST_HEADER].to_pybytes().partition(b"\n")[0].decode(errors="replace").split(",")
    return pacsv.open_csv(
        pa.BufferReader(content),
        read_options=pacsv.ReadOptions(block_size=block),
        parse_options=PARSED,
        convert_options=as_texts([name.strip('"') for name in header]),
    )


PARSED: Final = pacsv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False)


def as_texts(names: Sequence[str]) -> pacsv.ConvertOptions:
    """Return options that read every cell as text, and an unquoted empty cell as null."""
    return pacsv.ConvertOptions(
        check_utf8=False,  # cell by cell, it takes a third of the reading time
        column_types=dict.fromkeys(names, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )


def must_be_utf8(content: pa.Buffer) -> None:
    """Raise ArrowInvalid if a file is not UTF-8. Checking the whole file suffices, because separators are ASCII."""
    ends = pa.array([0, content.size], pa.int64()).buffers()[1]
    try:
        pa.LargeStringArray.from_buffers(1, ends, content).validate(full=True)
    except pa.ArrowInvalid:
        raise pa.ArrowInvalid("it is not UTF-8") from None


def _parts(csv: pacsv.CSVStreamingReader) -> Iterator[pa.Table]:
    """Put the blocks of a file together, some at a time."""
    while blocks := list(islice(csv, _BLOCKS_COMPARED)):
        yield pa.Table.from_batches(blocks)


def _compare(csv: pacsv.CSVStreamingReader, rows: pa.Table | None) -> tuple[CsvShape, Mapping[str, DifferingCells]]:
    """Compare the columns that occur once in both files; compare nothing if their numbers of rows differ."""
    names = csv.schema.names
    shared = [] if rows is None else [n for n in names if names.count(n) == rows.column_names.count(n) == 1]
    differing: dict[str, DifferingCells] = {}
    read = 0
    for part in _parts(csv):
        exact = None if rows is None else rows.slice(read, part.num_rows)
        if exact is not None and exact.num_rows == part.num_rows:
            for name in shared:
                positions = differing_rows(exact[name], part[name])
                if positions.size:
                    cells = part[name].take(pa.array(positions[:SAMPLES])).to_pylist()
                    differing[name] = DifferingCells(positions + read, tuple(cells)).after(differing.get(name))
        read += part.num_rows
    same_count = rows is not None and rows.num_rows == read
    return CsvShape(tuple(names), read), differing if same_count else {}


def differing_rows(exact: pa.ChunkedArray, text: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the rows in which a CSV column differs from the Parquet column."""
    written = as_text(exact)
    if written.equals(text):  # nearly always true, and the fastest check
        return np.array([], dtype=np.int64)
    same = pc.fill_null(pc.equal(written, text), False)
    both_null = pc.and_(pc.is_null(written), pc.is_null(text))
    equal = pc.or_(same, both_null)
    return np.flatnonzero(~np.asarray(equal.to_numpy(zero_copy_only=False), dtype=bool))


def as_text(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Format values as a CSV of a drop has them; repeated values are formatted once."""
    if pa.types.is_string(values.type):
        return values
    try:
        together = values.combine_chunks()
        if _are_ids(together):
            return pa.chunked_array([_formatted(together)])
        encoded = together.dictionary_encode()
        return pa.chunked_array([_formatted(encoded.dictionary).take(encoded.indices)])
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):  # types that no contract has: lists, bytes that are no text
        return pa.chunked_array([[None if value is None else str(value) for value in values.to_pylist()]], pa.string())


def _are_ids(values: pa.Array) -> bool:
    """Return whether these look like unrepeated whole numbers, for which a dictionary would be useless."""
    first = values[:_SAMPLED]
    return pa.types.is_integer(values.type) and len(first.unique()) == len(first)


def _formatted(values: pa.Array) -> pa.Array:
    if not pa.types.is_timestamp(values.type):
        return values.cast(pa.string())
    # a cast, because strftime takes five times as long
    texts = values.cast(pa.timestamp(values.type.unit)).cast(pa.string())
    texts = pc.replace_substring_regex(texts, r"\.0+$", "") if values.type.unit != "s" else texts
    return pc.binary_join_element_wise(pc.binary_replace_slice(texts, 10, 11, "T"), "Z", "")
