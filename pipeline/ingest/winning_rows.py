"""Removes rows that lose to another row with the same key: reports them, and yields the remaining rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.ingest.duplicates.losing_rows import Losers
from pipeline.ingest.rejects import REPEATED, ROW_DROPPED, RejectsWriter, redact
from pipeline.ingest.schema import ROW_COLUMN, Kind, SourceTable
from pipeline.ingest.type_batches import landing_schema
from pipeline.ingest.values.typed_cell import NULLED

BATCH_ROWS: Final = 64 * 1024
"""The number of rows that are read and written together."""


def report_losers(
    table: SourceTable, losers: Sequence[Losers], parts: Sequence[Path], names: Sequence[str], rejects: RejectsWriter
) -> None:
    """Report each losing row or cell as a reject. `names` are the source files of the parts."""
    for lost in losers:
        reason = f"{REPEATED} {' and '.join(lost.columns)}"
        values = lost.keys
        if any(column.name in lost.columns and column.kind is not Kind.ID for column in table.columns):
            values = pa.array([redact(key, may_hold_phone=False) for key in values.to_pylist()], pa.string())
        for part in np.unique(lost.parts).tolist():
            chosen = lost.parts == part
            rejects.add(
                names[part],
                row_numbers(parts[part]).take(pa.array(lost.places[chosen])),
                lost.columns[-1],
                values.filter(pa.array(chosen)),
                reason,
                NULLED if lost.is_cell else ROW_DROPPED,
            )


def row_numbers(part: Path) -> pa.Array:
    """Return each row's number in its source. In a part that is a copied file, rows are numbered from 2."""
    file = pq.ParquetFile(part)
    if ROW_COLUMN in file.schema_arrow.names:
        return file.read(columns=[ROW_COLUMN])[ROW_COLUMN].combine_chunks()
    return pa.array(np.arange(2, 2 + file.metadata.num_rows))


def winners(table: SourceTable, part: Path, at: int, losers: Sequence[Losers]) -> Iterator[pa.RecordBatch]:
    """Yield the winning rows of the part with the number `at`, with lost cells nulled.

    They have the landing schema, with row numbers.
    """
    schema = landing_schema(table)
    file = pq.ParquetFile(part)
    numbers = row_numbers(part)
    stays = np.ones(len(numbers), dtype=bool)
    lost_cells: dict[str, np.ndarray] = {}
    for lost in losers:
        places = lost.places[lost.parts == at]
        if lost.is_cell:
            lost_cells.setdefault(lost.columns[0], np.zeros(len(numbers), dtype=bool))[places] = True
        else:
            stays[places] = False
    start = 0
    for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=table.arrow_schema.names):
        rows = slice(start, start + batch.num_rows)
        start += batch.num_rows
        arrays = {name: batch[name].cast(schema.field(name).type) for name in table.arrow_schema.names}
        arrays[ROW_COLUMN] = numbers[rows]
        for name, is_lost in lost_cells.items():
            arrays[name] = pc.if_else(pa.array(is_lost[rows]), None, arrays[name])
        whole = pa.RecordBatch.from_arrays([arrays[name] for name in schema.names], schema=schema)
        yield whole if stays[rows].all() else whole.filter(pa.array(stays[rows]))
