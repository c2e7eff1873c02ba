"""An in-memory DuckDB for cutting, sorting and writing rows, opened once: that takes longer than a small file does."""

from __future__ import annotations

import functools
from typing import Any, Final

import duckdb

_GIVE_BACK: Final[dict[str, Any]] = {
    "allocator_flush_threshold": "1MB",
    "allocator_bulk_deallocation_flush_threshold": "1MB",
}
"""A query's memory goes back to the machine when it ends; DuckDB would keep up to half a gigabyte for the next one."""


def scratch_connection() -> duckdb.DuckDBPyConnection:
    """Give a connection of the caller's own to the one scratch database; close it after use."""
    return _database().cursor()


@functools.cache
def _database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config=_GIVE_BACK)
