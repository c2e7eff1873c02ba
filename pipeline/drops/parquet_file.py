"""The Parquet form of a drop: logical types (decimal, date, timestamp in UTC microseconds), zstd."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

_BATCH: Final = 1024
"""Rows between which a page may end, counted from the start of each of Arrow's chunks."""


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write the rows of `table`, in their order. Equal rows give equal bytes, in whatever chunks they come."""
    even = all(len(chunk) % _BATCH == 0 for column in table.columns for chunk in column.chunks[:-1])
    pq.write_table(
        table if even else table.combine_chunks(),
        path,
        compression="zstd",
        version="2.6",
        row_group_size=128 * _BATCH,
        write_batch_size=_BATCH,
    )
