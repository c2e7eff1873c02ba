"""An in-memory DuckDB for sorting, querying and writing rows; opened once, for that outlasts a small file."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Sequence
from threading import Lock
from typing import Any, Final

import duckdb
import pyarrow as pa

from pipeline.duckdb_sql import quoted

_GIVE_BACK: Final[dict[str, Any]] = {
    "allocator_flush_threshold": "1MB",
    "allocator_bulk_deallocation_flush_threshold": "1MB",
}
"""A query's memory goes back to the machine when it ends; DuckDB would keep up to half a gigabyte for the next one."""

_OPENING: Final = Lock()


def scratch_connection() -> duckdb.DuckDBPyConnection:
    """Give a connection of the caller's own to the one scratch database; close it after use.

    What does not fit into memory goes into a private folder below the system's temporary one, until the process ends.
    """
    with _OPENING:  # two threads may ask first
        return _database().cursor()


@functools.cache
def _database() -> duckdb.DuckDBPyConnection:
    spill = tempfile.mkdtemp(prefix="warehouse-spill-")
    atexit.register(shutil.rmtree, spill, ignore_errors=True)
    return duckdb.connect(config={**_GIVE_BACK, "temp_directory": spill})


def in_order(rows: pa.Table, order_by: Sequence[str]) -> pa.Table:
    """Sort rows by some of their columns: texts by their code points, null last."""
    with scratch_connection() as connection:
        connection.register("in_any_order", rows)
        return connection.sql(
            f"select * from in_any_order order by {', '.join(map(quoted, order_by))}"
        ).to_arrow_table()
