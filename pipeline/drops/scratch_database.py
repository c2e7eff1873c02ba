"""An in-memory DuckDB for cutting, sorting, asking and writing rows, opened once: opening outlasts a small file."""

from __future__ import annotations

import functools
from threading import Lock
from typing import Any, Final

import duckdb

_GIVE_BACK: Final[dict[str, Any]] = {
    "allocator_flush_threshold": "1MB",
    "allocator_bulk_deallocation_flush_threshold": "1MB",
}
"""A query's memory goes back to the machine when it ends; DuckDB would keep up to half a gigabyte for the next one."""

_NO_SPILL: Final[dict[str, Any]] = {"temp_directory": ""}
"""DuckDB would write what memory can't hold into the working folder, customers' data among it."""

_OPENING: Final = Lock()


def scratch_connection() -> duckdb.DuckDBPyConnection:
    """Give a connection of the caller's own to the one scratch database; close it after use."""
    with _OPENING:  # two threads may ask first
        return _database().cursor()


@functools.cache
def _database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={**_GIVE_BACK, **_NO_SPILL})
