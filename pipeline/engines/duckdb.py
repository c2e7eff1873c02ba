"""The embedded default: one DuckDB file in the state folder that reads the landing Parquet in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from pipeline.common.scratch_database import quoted, read_parquet
from pipeline.contracts.contract import ExportContract
from pipeline.engines import NOBODY, HeldBack, RawTable
from pipeline.engines.duckdb_marts import PUBLISHED_FILE, publish_marts
from pipeline.settings import Settings

DATABASE_FILE: Final = "warehouse.duckdb"


def holds_models(path: Path) -> bool:
    """Whether the models of the last run can be read: they are in the file, and what its views read is there too."""
    if not path.exists():
        return False
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            views = connection.execute("select view_name from duckdb_views() where schema_name = 'raw'").fetchall()
            for (view,) in views:
                connection.execute(f'select * from raw."{view}" limit 0')
            marts = connection.execute("select 1 from duckdb_tables() where schema_name = 'marts' limit 1").fetchall()
    except duckdb.Error as error:
        if _is_in_use(error):
            raise
        return False
    return bool(views and marts)


def _is_damaged(path: Path) -> bool:
    """Whether a file that is there is no database, or only a part of one."""
    try:
        duckdb.connect(str(path), read_only=True).close()
    except duckdb.Error as error:
        return not _is_in_use(error)
    return False


def _is_in_use(error: duckdb.Error) -> bool:
    """Whether another process holds the file: nothing is wrong with it."""
    return "lock on file" in str(error)


class DuckDBEngine:
    """Raw tables are views over Parquet, so loading copies nothing. One process writes: the run's lock sees to that."""

    name = "duckdb"

    def __init__(self, settings: Settings) -> None:
        self.path = settings.state / DATABASE_FILE
        self.rebuilds_in_part = False
        self.spill = settings.state / "spill"
        self.memory_limit = settings.memory_limit
        self._open: duckdb.DuckDBPyConnection | None = None

    def load(self, tables: Sequence[RawTable]) -> None:
        """Make a view of each table's Parquet files, in a new database where the file is missing or damaged."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.rebuilds_in_part = holds_models(self.path)
        if not self.path.exists() or _is_damaged(self.path):
            for left in (self.path, self.path.with_name(f"{self.path.name}.wal")):
                left.unlink(missing_ok=True)
        connection = self._connection()
        connection.execute("create schema if not exists raw")
        for table in tables:
            columns = ", ".join(map(quoted, table.schema.names))
            connection.execute(
                f"create or replace view raw.{table.name} as select {columns} from {read_parquet(table.parts)}"
            )

    @contextmanager
    def dbt_session(self) -> Iterator[Mapping[str, str]]:
        """Leave the file to dbt: DuckDB allows one writer."""
        self.close()
        yield {
            "WAREHOUSE_DUCKDB_PATH": str(self.path.resolve()),
            "WAREHOUSE_DUCKDB_SPILL": str(self.spill.resolve()),
            "WAREHOUSE_MEMORY_LIMIT": self.memory_limit,
        }

    def read(self, mart: str, columns: Sequence[str]) -> pa.Table:
        """Read the columns of a mart."""
        names = ", ".join(map(quoted, columns))
        return self._connection().sql(f"select {names} from marts.{mart}").to_arrow_table()

    def read_in_order(self, mart: str, columns: Sequence[str], order_by: Sequence[str]) -> pa.Table:
        """Read the columns of a mart, sorted where they lie."""
        names, order = (", ".join(map(quoted, some)) for some in (columns, order_by))
        return self._connection().sql(f"select {names} from marts.{mart} order by {order}").to_arrow_table()

    def query(self, select: str) -> pa.Table:
        """Return the rows of a select."""
        return self._connection().sql(select).to_arrow_table()

    def commit(self, contracts: Sequence[ExportContract], held_back: HeldBack = NOBODY) -> None:
        """Replace `published.duckdb`, which people query, by a file with this run's marts."""
        publish_marts(self._connection(), self.path.with_name(PUBLISHED_FILE), contracts, held_back)

    def close(self) -> None:
        """Close the file."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _connection(self) -> duckdb.DuckDBPyConnection:
        """Open the file, with the settings of dbt's profile, or give the connection that has it open."""
        if self._open is None:
            self._open = duckdb.connect(
                str(self.path), config={"memory_limit": self.memory_limit, "temp_directory": str(self.spill)}
            )
            self._open.execute("set enable_progress_bar = false")  # it would write into what the command prints
        return self._open
