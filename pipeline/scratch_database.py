"""An in-memory DuckDB for cutting, sorting, querying and writing rows; opened once, for that outlasts a small file."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from threading import Lock
from typing import Final

import duckdb

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
    return duckdb.connect(config={"temp_directory": spill})
