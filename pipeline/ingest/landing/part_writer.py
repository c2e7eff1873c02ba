"""Writes a part's Parquet file, each batch while the next one is prepared."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.common.null_counts import as_metadata
from pipeline.ingest.values.column_bytes import bytes_of

_ROWS_LOOKED_AT: Final = 4096
_WORTH_WHILE: Final = 0.9
"""The part of its size that compressed data may have at most; otherwise it is not worth compressing."""


class PartWriter:
    """Writes batches in a separate thread, each as a row group. At most one waits to be written.

    It is a context manager; the file is complete on exit. The next call, or the exit, raises the errors of the thread.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        self._schema = schema.remove_metadata()  # the metadata counts the nulls of the file that it came from
        self._nulls = Counter(dict.fromkeys(schema.names, 0))
        self._file: pq.ParquetWriter | None = None
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._writing: Future[None] | None = None

    def __enter__(self) -> PartWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown()
        try:
            if kind is None:
                self._wait()
                self._file = self._file or self._open(self._schema.empty_table())
                self._file.add_key_value_metadata(as_metadata(self._nulls))
        finally:
            if self._file is not None:
                self._file.close()

    def write(self, batch: pa.RecordBatch) -> None:
        """Append a batch."""
        self._wait()
        file = self._file = self._file or self._open(batch)
        self._nulls.update(
            {name: column.null_count for name, column in zip(batch.schema.names, batch.columns, strict=True)}
        )
        self._writing = self._thread.submit(lambda: file.write_batch(batch.cast(file.schema)))

    def _open(self, first: pa.RecordBatch | pa.Table) -> pq.ParquetWriter:
        """Open the file, with dictionaries for columns whose values recur in the first rows.

        Building a dictionary of ids takes longer than writing them: without it, 500,000 estimates take 0.35 s of CPU
        instead of 0.6; without the minima and maxima of texts, which nobody uses, and without compressing random ids,
        0.25 s (2026-11-29). Amounts hardly recur, and are faster to write and read as whole numbers.
        """
        rows = first.slice(0, _ROWS_LOOKED_AT)
        columns = list(zip(self._schema, rows.columns, strict=False))
        recurring = [field.name for field, column in columns if _is_recurring(column)]
        random = [field.name for field, column in columns if field.name not in recurring and _is_random(column)]
        return pq.ParquetWriter(
            self._path,
            pa.schema([field.with_type(column.type) for field, column in columns]),
            compression={name: "none" if name in random else "lz4" for name in self._schema.names},
            use_dictionary=recurring,
            write_statistics=[field.name for field in self._schema if not pa.types.is_string(field.type)],
            store_decimal_as_integer=True,
            store_schema=False,  # in which a text may be encoded by a dictionary
        )

    def _wait(self) -> None:
        if self._writing is not None:
            self._writing.result()
            self._writing = None


def _is_recurring(column: pa.Array) -> bool:
    if pa.types.is_dictionary(column.type):
        return True
    return not pa.types.is_decimal(column.type) and 2 * pc.count_distinct(column).as_py() <= len(column)


def _is_random(column: pa.Array) -> bool:
    """Return whether compression saves less than a tenth of a column of texts."""
    if not pa.types.is_string(column.type):
        return False
    letters = bytes_of(column).tobytes()
    return len(pa.compress(letters, "lz4", asbytes=True)) > _WORTH_WHILE * len(letters)
