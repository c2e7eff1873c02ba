"""A DuckDB to ask landing files questions: within the landing zone's memory and threads, spilling into its folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from pipeline.ingest.landing.zone import Landing


@contextmanager
def connect(landing: Landing) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database for the time of a question or two."""
    with landing.spill_folder() as spill:
        connection = duckdb.connect(
            config={"memory_limit": landing.memory_limit, "threads": landing.threads, "temp_directory": str(spill)}
        )
        connection.execute("set enable_progress_bar = false")  # it would write to standard output
        try:
            yield connection
        finally:
            connection.close()
