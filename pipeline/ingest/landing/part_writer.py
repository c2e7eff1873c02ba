"""How a part's Parquet file is written: compressed, and one batch while the next one is made."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq


class PartWriter:
    """A context manager: the file is complete once it is left. What goes wrong is raised by the next call or the exit.

    Each batch becomes a row group. At most one waits to be written.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        # amounts hardly recur, and are written and read much faster as whole numbers
        recurring = [field.name for field in schema if not pa.types.is_decimal(field.type)]
        self._file = pq.ParquetWriter(
            path, schema, compression="lz4", use_dictionary=recurring, store_decimal_as_integer=True
        )
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
        finally:
            self._file.close()

    def write(self, batch: pa.RecordBatch) -> None:
        """Write the batch after those given before."""
        self._wait()
        self._writing = self._thread.submit(self._file.write_batch, batch)

    def _wait(self) -> None:
        if self._writing is not None:
            self._writing.result()
            self._writing = None
