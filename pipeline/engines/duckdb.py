"""The embedded default: one DuckDB file in the state folder that reads the landing Parquet in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from pipeline.engines import RawTable
from pipeline.settings import Settings


class DuckDBEngine:
    """Raw tables are views over Parquet, so loading copies nothing. One process writes: the run's lock sees to that."""

    name = "duckdb"

    def __init__(self, settings: Settings) -> None:
        self.path = settings.state / "warehouse.duckdb"
        self.rebuilds_in_part = self.path.exists()
        self.spill = settings.state / "spill"
        self.memory_limit = settings.memory_limit

    def load(self, tables: Sequence[RawTable]) -> None:
        """Make a view of each table's Parquet files."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._connect() as connection:
            connection.execute("create schema if not exists raw")
            for table in tables:
                files = ", ".join("'" + str(part).replace("'", "''") + "'" for part in table.parts)
                columns = ", ".join(f'"{name}"' for name in table.schema.names)
                connection.execute(
                    f"create or replace view raw.{table.name} as select {columns} from read_parquet([{files}])"
                )

    @contextmanager
    def dbt_session(self) -> Iterator[Mapping[str, str]]:
        """Give dbt the file, and close dbt's handle on it afterwards: DuckDB allows one writer."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        try:
            yield {
                "WAREHOUSE_DUCKDB_PATH": str(self.path),
                "WAREHOUSE_DUCKDB_SPILL": str(self.spill),
                "WAREHOUSE_MEMORY_LIMIT": self.memory_limit,
            }
        finally:
            DuckDBConnectionManager.close_all_connections()

    def read(self, mart: str, columns: Sequence[str]) -> pa.Table:
        """Read the columns of a mart."""
        names = ", ".join(f'"{name}"' for name in columns)
        with self._connect() as connection:
            return connection.sql(f"select {names} from marts.{mart}").to_arrow_table()

    def query(self, select: str) -> pa.Table:
        """Return the rows of a select."""
        with self._connect() as connection:
            return connection.sql(select).to_arrow_table()

    def commit(self) -> None:
        """Nothing to do: nobody else can have the file open."""

    def close(self) -> None:
        """Nothing to do: each call closes what it opens."""

    def _connect(self) -> duckdb.DuckDBPyConnection:
        # the same settings as dbt's profile: DuckDB refuses a second connection to a file with others
        return duckdb.connect(
            str(self.path), config={"memory_limit": self.memory_limit, "temp_directory": str(self.spill)}
        )
