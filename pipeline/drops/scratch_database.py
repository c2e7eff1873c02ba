"""An in-memory DuckDB for cutting, sorting and writing rows, opened once: that takes longer than a small file does."""

from __future__ import annotations

import functools

import duckdb


def scratch_connection() -> duckdb.DuckDBPyConnection:
    """Give a connection of the caller's own to the one scratch database; close it after use."""
    return _database().cursor()


@functools.cache
def _database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()
