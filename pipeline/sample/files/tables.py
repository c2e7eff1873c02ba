"""Writes CSV and Parquet files whose bytes only depend on their rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

ROW_GROUP: Final = 245_760
"""Rows of a Parquet row group: twice the rows that DuckDB gives to a thread at a time."""

Row = dict[str, str | None]


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Write `rows` of text, None as an empty field and the empty text as `""`; return the number of rows."""
    made = list(rows)
    for row in made:
        unknown = set(row) - set(columns)
        if unknown:
            raise KeyError(f"{path.name} has no such columns: {sorted(unknown)}")
    texts = [pa.array([row.get(column) for row in made], pa.string()) for column in columns]
    csv.write_csv(pa.table(texts, names=list(columns)), path)
    return len(made)


class ParquetFile:
    """A Parquet file with a fixed schema, compressed by zstd, to which tables are appended."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.rows = 0
        self._schema = schema
        self._writer = pq.ParquetWriter(path, schema, compression="zstd", compression_level=1)

    def append(self, table: pa.Table) -> None:
        """Add rows; columns are matched by name and cast to the schema's types."""
        self._writer.write_table(table.select(self._schema.names).cast(self._schema), row_group_size=ROW_GROUP)
        self.rows += len(table)

    def close(self) -> None:
        """Write the footer, without which the file can't be read."""
        self._writer.close()
