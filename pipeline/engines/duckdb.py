"""The default engine: one DuckDB file in the state folder that reads the landed Parquet files in place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import yaml

from pipeline.common.errors import WarehouseError
from pipeline.common.scratch_database import quoted, quoted_text, read_parquet
from pipeline.contracts.contract import ExportContract
from pipeline.engines import NOBODY, AnyMart, HeldBack, RawTable
from pipeline.engines.duckdb_marts import PUBLISHED_FILE, publish_draft, publish_marts, replace_written, write_draft
from pipeline.paths import DBT_PROJECT
from pipeline.settings import Settings
from pipeline.storage.local_files import hidden_name

DATABASE_FILE: Final = "warehouse.duckdb"
_CATALOG: Final = "warehouse"
"""The name of the file in compiled SQL."""
_HEADER_BYTES: Final = 3 * 4096
"""DuckDB's header and those of its two latest checkpoints: every write to the file changes one of them."""


def stamped_in(path: Path, mark: str) -> str | None:
    """Return the stamp in a database file; None if it is unreadable, or has changed since."""
    if not path.exists() or _mark_of(path) != mark:
        return None
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            views = connection.execute("select view_name from duckdb_views() where schema_name = 'raw'").fetchall()
            for (view,) in views:  # explain reads through them
                connection.execute(f'select * from raw."{view}" limit 0')
            stamps = connection.execute("select content from stamp.build").fetchall()
    except duckdb.Error as error:
        if _is_in_use(error):
            raise
        return None
    return str(stamps[0][0]) if len(stamps) == 1 else None


def _mark_of(path: Path) -> str:
    """Hash what changes with every write: the file's checkpoint counters, and its write-ahead log.

    So any change of a row or a relation, by dbt or another program, gives another mark.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(_HEADER_BYTES))
    log = _log_of(path)
    digest.update(log.read_bytes() if log.exists() else b"")
    return digest.hexdigest()


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")


def _is_in_use(error: duckdb.Error) -> bool:
    """Return whether another process holds the file, in which case nothing is wrong with it."""
    return "lock on file" in str(error)


class DuckDBEngine:
    """The engine on a DuckDB file. Raw tables are views on Parquet files, so loading copies nothing.

    The run's lock ensures a single writer. Reading opens the file read-only, so that there can be other readers.
    """

    name = "duckdb"
    rebuilds_in_part = True

    def __init__(self, settings: Settings) -> None:
        self.path = settings.state / DATABASE_FILE
        self.spill = settings.state / "spill"
        self.memory_limit = settings.memory_limit
        self._open: duckdb.DuckDBPyConnection | None = None
        self._is_writer = False
        self._drafting: Future[Path | None] | None = None

    def load(self, tables: Sequence[RawTable]) -> None:
        """Make a view of each table's Parquet files, in a new database if the file is missing or damaged."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.exists():
            self.remove()  # its log may be left
        try:
            connection = self._writer()
        except duckdb.Error as error:
            if _is_in_use(error):
                raise
            self.remove()
            connection = self._writer()
        connection.execute("create schema if not exists raw")
        for table in tables:
            columns = ", ".join(map(quoted, table.schema.names))
            connection.execute(
                f"create or replace view raw.{table.name} as select {columns} from {read_parquet(table.parts)}"
            )

    def remove(self) -> None:
        """Remove the database; the next load makes a new one."""
        self.close()
        for left in (self.path, _log_of(self.path)):
            left.unlink(missing_ok=True)

    def execute(self, statements: str) -> list[tuple[Any, ...]]:
        """Execute statements that write; return the rows of the last one."""
        return self._writer().execute(statements).fetchall()

    @contextmanager
    def dbt_session(self) -> Iterator[Mapping[str, str]]:
        """Close the file for dbt, because DuckDB allows only one writer."""
        self.close()
        yield {
            "WAREHOUSE_DUCKDB_PATH": str(self.path.resolve()),
            "WAREHOUSE_DUCKDB_SPILL": str(self.spill.resolve()),
            "WAREHOUSE_MEMORY_LIMIT": self.memory_limit,
        }

    def stamp(self, content: str) -> str:
        """Write into the file what its models were built from, and close it."""
        connection = self._writer()
        connection.execute("create schema if not exists stamp")
        connection.execute("create or replace table stamp.build as select $content as content", {"content": content})
        self.close()
        return _mark_of(self.path)

    def stamped(self, mark: str) -> str | None:
        """Return the stamp; None if the file is gone, damaged, or was written to since."""
        self.close()
        return stamped_in(self.path, mark)

    def read(self, mart: str, columns: Sequence[str]) -> pa.Table:
        """Read the columns of a mart."""
        names = ", ".join(map(quoted, columns))
        return self._reader().sql(f"select {names} from marts.{mart}").to_arrow_table()

    def read_in_order(self, mart: str, columns: Sequence[str], order_by: Sequence[str]) -> pa.Table:
        """Read the columns of a mart, sorted in the database."""
        names, order = (", ".join(map(quoted, some)) for some in (columns, order_by))
        return self._reader().sql(f"select {names} from marts.{mart} order by {order}").to_arrow_table()

    def query(self, select: str) -> pa.Table:
        """Return the rows of a select."""
        return self._reader().sql(select).to_arrow_table()

    def read_published(self, mart: str, having: Mapping[str, int | str]) -> pa.Table:
        """Return rows of `published.duckdb`."""
        published = self.path.with_name(PUBLISHED_FILE)
        if not published.exists():
            raise WarehouseError("is missing", where=str(published), remedy="run again with this --state")
        chosen = " and ".join(f"{quoted(name)} = ?" for name in having)
        with duckdb.connect(str(published), read_only=True) as connection:
            return connection.sql(
                f"from marts.{quoted(mart)} where {chosen}", params=[*having.values()]
            ).to_arrow_table()

    def prepare(self, contracts: Sequence[ExportContract]) -> None:
        """Start writing the marts into a draft, which `commit` uses if nobody is held back.

        The audit and the business pages leave a core free meanwhile. It uses one thread: at 50,000 accounts that takes
        4.5 s of CPU, while two threads, which wait for each other, take 5.9 (2026-11-29). An error here is ignored; it
        recurs in the commit and is explained there.
        """
        pool = ThreadPoolExecutor(1)
        self._drafting = pool.submit(self._write_draft, self._reader().cursor(), contracts)
        pool.shutdown(wait=False)

    def _write_draft(self, connection: duckdb.DuckDBPyConnection, contracts: Sequence[ExportContract]) -> Path | None:
        """Write a draft of the published file; return None if that fails."""
        draft = self.path.with_name(hidden_name())
        try:
            with connection:
                connection.execute(f"use {_CATALOG}")
                connection.execute("set threads = 1")
                try:
                    write_draft(connection, draft, contracts)
                finally:
                    connection.execute("reset threads")
        except (duckdb.Error, OSError):
            draft.unlink(missing_ok=True)
            return None
        return draft

    @contextmanager
    def _draft(self) -> Iterator[Path | None]:
        """Yield the draft if one was completed, and remove it afterwards if it is still there."""
        drafting, self._drafting = self._drafting, None
        draft = drafting.result() if drafting is not None else None
        try:
            yield draft
        finally:
            if draft is not None:
                draft.unlink(missing_ok=True)

    def commit(
        self, contracts: Sequence[ExportContract], held_back: HeldBack = NOBODY, written: Sequence[AnyMart] = ()
    ) -> None:
        """Replace `published.duckdb` by a file with this run's marts."""
        published = self.path.with_name(PUBLISHED_FILE)
        with self._draft() as draft:
            if draft is not None and not held_back:
                publish_draft(self._reader(), draft, published, written)
            else:
                publish_marts(self._reader(), published, contracts, held_back, written)

    def commit_written(self, written: Sequence[AnyMart]) -> None:
        """Replace `published.duckdb` by a copy with these marts."""
        replace_written(self.path.with_name(PUBLISHED_FILE), written)

    def close(self) -> None:
        """Close the file, and remove an unused draft."""
        with self._draft():
            pass
        if self._open is not None:
            self._open.close()
            self._open = None

    def _reader(self) -> duckdb.DuckDBPyConnection:
        """Return the open connection, or open the file for reading."""
        if self._open is None:
            self._open = self._attached("read_only")
            self._is_writer = False
        return self._open

    def _writer(self) -> duckdb.DuckDBPyConnection:
        """Return the writing connection, or open the file for writing."""
        if self._open is None or not self._is_writer:
            self.close()
            options = (f"{name} {value}" for name, value in _profile()["attach"][0]["options"].items())
            self._open = self._attached(", ".join(options))
            self._is_writer = True
        return self._open

    def _attached(self, options: str) -> duckdb.DuckDBPyConnection:
        """Open the file as dbt's profile does, so that what is written without dbt is in the same place."""
        connection = duckdb.connect(
            ":memory:", config={"memory_limit": self.memory_limit, "temp_directory": str(self.spill)}
        )
        for name, value in _profile()["settings"].items():
            connection.execute(f"set {name} = {quoted_text(str(value))}")
        connection.execute(f"attach {quoted_text(str(self.path))} as {_CATALOG} ({options})")
        connection.execute(f"use {_CATALOG}")
        return connection


@cache
def _profile() -> dict[str, Any]:
    """Return dbt's profile of this engine."""
    profiles = yaml.safe_load((DBT_PROJECT / "profiles.yml").read_text("utf-8"))
    output: dict[str, Any] = profiles["account_warehouse"]["outputs"]["duckdb"]
    return output
