"""The Parquet form of a drop: logical types (decimal, date, timestamp in UTC microseconds), zstd."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write the rows of `table`, in their order."""
    pq.write_table(table, path, compression="zstd", version="2.6", row_group_size=131_072)
