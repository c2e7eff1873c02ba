"""An in-memory DuckDB database for sorting, querying and writing rows; opened once, because opening takes time."""

from __future__ import annotations

import atexit
import functools
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final

import duckdb
import pyarrow as pa

_OPENING: Final = Lock()


def scratch_connection() -> duckdb.DuckDBPyConnection:
    """Return a new connection to the one scratch database; close it after use.

    Data that exceeds memory spills to a private temporary folder until the process ends.
    """
    with _OPENING:  # only one thread may create the database
        connection = _database().cursor()
    connection.execute("set enable_progress_bar = false")  # it would write to standard output
    return connection


@functools.cache
def _database() -> duckdb.DuckDBPyConnection:
    spill = tempfile.mkdtemp(prefix="warehouse-spill-")
    atexit.register(shutil.rmtree, spill, ignore_errors=True)
    return duckdb.connect(config={"temp_directory": spill})


def single_threaded_connection() -> duckdb.DuckDBPyConnection:
    """Return a connection to a second scratch database, which only uses the calling thread; close it after use.

    For queries on many small files: reading and comparing 19 exports of 300 organizations took 16.6 ms of CPU per
    organization with two threads and 12.6 with one (2026-11-30).
    """
    with _OPENING:
        return _single_threaded_database().cursor()


@functools.cache
def _single_threaded_database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def spare_memory() -> None:
    """Return a query's memory to the system when it ends; otherwise DuckDB keeps half a gigabyte for the next one."""
    with scratch_connection() as connection:
        connection.execute("set allocator_flush_threshold = '1MB'")
        connection.execute("set allocator_bulk_deallocation_flush_threshold = '1MB'")


@contextmanager
def queried_in_parallel(callers: int) -> Iterator[None]:
    """Limit the threads of the scratch database while this many threads query it, to one per core in total.

    Calling threads work too, and additional threads slow them down: two CSV files written in parallel on two cores took
    1.8 s of CPU, and now take 1.1 (2026-11-29).
    """
    with scratch_connection() as connection:
        threads = int(connection.execute("select current_setting('threads')").fetchall()[0][0])
        connection.execute(f"set threads = {max(1, threads + 1 - callers)}")
        try:
            yield
        finally:
            connection.execute("reset threads")


def in_order(rows: pa.Table, order_by: Sequence[str]) -> pa.Table:
    """Sort rows by some of their columns: texts by their code points, null last."""
    with scratch_connection() as connection:
        connection.register("in_any_order", rows)
        return connection.sql(
            f"select * from in_any_order order by {', '.join(map(quoted, order_by))}"
        ).to_arrow_table()


_GLOB: Final = re.compile(r"[\[*?]")


def quoted(name: str) -> str:
    """Quote a name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def quoted_text(text: str) -> str:
    """Quote a text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def read_parquet(files: Sequence[Path], *options: str) -> str:
    """Return the SQL call that reads exactly these files.

    Without escapes and options, DuckDB reads a path with `[1]` or `*` as a pattern, and a folder `id=7` as a column.
    """
    paths = ", ".join(quoted_text(_GLOB.sub(r"[\g<0>]", str(file))) for file in files)
    return f"read_parquet([{paths}], {', '.join(('hive_partitioning = false', *options))})"


def utc_rows(connection: duckdb.DuckDBPyConnection, path: Path, *more: str) -> str:
    """Return the query for a Parquet file's rows with instants in the form of the marts: in UTC, without a zone.

    `more` are additional columns, as SQL.
    """
    source = read_parquet([path])
    return f"select {', '.join([*utc_columns(connection, f'select * from {source}'), *more])} from {source}"


def utc_columns(connection: duckdb.DuckDBPyConnection, select: str, without: Collection[str] = ()) -> list[str]:
    """Return the columns of a select in the form of the marts: instants in UTC, without a zone."""
    return [
        f"{quoted(column)} at time zone 'UTC' as {quoted(column)}" if kind.endswith("TIME ZONE") else quoted(column)
        for column, kind, *_ in connection.execute(f"describe {select}").fetchall()
        if column not in without
    ]


def numbered_rows(
    connection: duckdb.DuckDBPyConnection, name: str, files: Sequence[tuple[int, Path]], number: str, *options: str
) -> str:
    """Return the query for the rows of Parquet files with one schema, with the number of the file as a column.

    The function registers the numbers as the view `files_<name>` of the connection.
    """
    numbers, paths = [one for one, _ in files], [path for _, path in files]
    connection.register(f"files_{name}", pa.table({"file": list(map(str, paths)), number: numbers}))
    rows = read_parquet(paths, "filename = 'file'", *options)
    return f"select * exclude (file) from {rows} inner join files_{name} using (file)"


def create_view(connection: duckdb.DuckDBPyConnection, name: str, path: Path | None, shape: Path | None) -> None:
    """Create a view of a Parquet file; if there is none, an empty one with the columns of another file."""
    if path is not None:
        rows = f"select * from {read_parquet([path])}"
    elif shape is not None:
        rows = f"select * from {read_parquet([shape])} limit 0"
    else:
        return
    connection.execute(f"create or replace temp view {name} as {rows}")
