"""Runs the models on rows given as Python values, for tests of whole models.

Source tables are written as typed Parquet, loaded by the real engine and built by the real dbt runner. Tables that are
not given are empty, as in a run without that source.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.dbt.runner import DbtContext, NodeResult, run_dbt
from pipeline.engines import RawTable
from pipeline.engines.duckdb import DuckDBEngine
from pipeline.engines.raw_tables import CONFIGURED_SCHEMA, LOADS_SCHEMA
from pipeline.ingest.rejects import REJECTS_SCHEMA
from pipeline.ingest.tables import SOURCE_TABLES
from pipeline.settings import Settings
from pipeline.state.history import DUPLICATES_SCHEMA, METRICS_SCHEMA

Row = dict[str, Any]
Tables = Mapping[tuple[str, str], Iterable[Mapping[str, Any]]]
"""Rows by source and table, as in {("crm", "accounts"): [{"id": "a", "name": "A"}]}."""

AS_OF = "2025-01-15 12:00:00"

RUN_TABLES = {
    ("run", "configured_tables"): CONFIGURED_SCHEMA,
    ("run", "loads"): LOADS_SCHEMA,
    ("run", "rejects"): REJECTS_SCHEMA,
    ("run", "duplicate_history"): DUPLICATES_SCHEMA,
    ("run", "metric_history"): METRICS_SCHEMA,
}


def raw_schemas() -> dict[tuple[str, str], pa.Schema]:
    """Return the Arrow schema of every relation of the raw schema."""
    return {(t.source, t.name): t.arrow_schema for t in SOURCE_TABLES} | RUN_TABLES


def _typed(value: Any, kind: pa.DataType) -> Any:
    """Convert a value to a type; tests may write any value as text."""
    if not isinstance(value, str):
        return Decimal(value) if isinstance(value, int) and pa.types.is_decimal(kind) else value
    if pa.types.is_date(kind):
        return date.fromisoformat(value)
    if pa.types.is_timestamp(kind):
        return datetime.fromisoformat(value)
    if pa.types.is_decimal(kind):
        return Decimal(value)
    if pa.types.is_boolean(kind):
        return {"true": True, "false": False}[value]
    if pa.types.is_integer(kind):
        return int(value)
    return value


def _arrow(table: tuple[str, str], schema: pa.Schema, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Type the rows; `_row` is their order unless given."""
    columns: dict[str, list[Any]] = {name: [] for name in schema.names}
    defaults = {"_row": itertools.count(2), "organization_id": itertools.repeat(1)}
    for row in rows:
        if unknown := set(row) - set(columns):
            raise KeyError(f"{table}: no column {sorted(unknown)}")
        for name, values in columns.items():
            value = row[name] if name in row else next(defaults[name]) if name in defaults else None
            values.append(_typed(value, schema.field(name).type))
    return pa.table({name: pa.array(v, schema.field(name).type) for name, v in columns.items()}, schema=schema)


def _write_source(folder: Path, table: tuple[str, str], rows: Iterable[Mapping[str, Any]]) -> RawTable:
    """Write one relation of the raw schema."""
    schema = raw_schemas()[table]
    path = folder / "raw" / f"{'__'.join(table)}.parquet"
    path.parent.mkdir(exist_ok=True)
    pq.write_table(_arrow(table, schema, rows), path)
    return RawTable(path.stem, schema, (path,), "test")


UNLESS_GIVEN: Tables = {
    ("run", "configured_tables"): [{"source": t.source, "table_name": t.name} for t in SOURCE_TABLES],
    ("run", "loads"): [{"source": t.source, "table_name": t.name, "files": 1} for t in SOURCE_TABLES],
}


def _write_raw(folder: Path, tables: Tables) -> list[RawTable]:
    """Write every relation of the raw schema; those not given are empty."""
    if unknown := set(tables) - set(raw_schemas()):
        raise KeyError(f"no source table {sorted(unknown)}")
    given = {**UNLESS_GIVEN, **tables}
    return [_write_source(folder, table, given.get(table, ())) for table in raw_schemas()]


@dataclass(frozen=True)
class BuiltModels:
    """A warehouse that dbt has built, to be read while it is open."""

    folder: Path
    connection: duckdb.DuckDBPyConnection
    nodes: list[NodeResult]
    filled: set[tuple[str, str]]

    def rows(self, model: str, order_by: str = "1", schema: str = "marts") -> list[Row]:
        """Return a model as rows, ordered by the expression."""
        return self.query(f"select * from {schema}.{model} order by {order_by}")

    def query(self, sql: str) -> list[Row]:
        """Return the rows of any query."""
        rows: list[Row] = self.connection.sql(sql).to_arrow_table().to_pylist()
        return rows

    def refill(self, tables: Tables) -> None:
        """Put other rows into the sources and compute every table again, with the SQL that dbt compiled.

        Much faster than another dbt run, for tests with many examples. Variables stay the same.
        """
        for table in self.filled - set(tables):
            _write_source(self.folder, table, UNLESS_GIVEN.get(table, ()))
        for table, rows in tables.items():
            _write_source(self.folder, table, rows)
        self.filled.clear()
        self.filled.update(tables)
        stored = {
            row["table_name"]: row["table_schema"]
            for row in self.query(
                "select table_name, table_schema from information_schema.tables where table_type = 'BASE TABLE'"
            )
        }
        compiled = {path.stem: path for path in (self.folder / "target" / "compiled").rglob("*.sql")}
        self.connection.begin()
        for node in self.nodes:
            if node.resource_type == "model" and node.name in stored:
                relation = f"{stored[node.name]}.{node.name}"
                self.connection.execute(f"delete from {relation}")
                self.connection.execute(f"insert into {relation} by name {compiled[node.name].read_text()}")
        self.connection.commit()


class ModelsFailedError(AssertionError):
    """A model could not be built or a data test failed; the message has the name and the reason."""


@contextmanager
def built_models(
    folder: Path,
    tables: Tables,
    *,
    as_of: str = AS_OF,
    select: Sequence[str] = (),
    commands: Sequence[str] = ("build", "--exclude-resource-type", "unit_test"),
    check: bool = True,
    **variables: Any,
) -> Iterator[BuiltModels]:
    """Build the models in a new database and yield it.

    `select` are dbt selectors (all models without), `variables` dbt vars. Every platform row belongs to organization 1
    unless it says otherwise; every source table counts as configured unless `run.configured_tables` is given. A failed
    node raises ModelsFailedError unless `check` is false.
    """
    engine = DuckDBEngine(Settings(state=folder))
    engine.load(_write_raw(folder, tables))
    with engine.dbt_session() as environment:
        nodes = run_dbt(
            [*commands, *(["--select", *select, "--indirect-selection", "cautious"] if select else [])],
            DbtContext("duckdb", folder / "target", environment, {"as_of": as_of, **variables}),
        )
    if check and (failed := [node for node in nodes if not node.ok]):
        raise ModelsFailedError("\n".join(f"{node.name}: {node.status}: {node.message}" for node in failed))
    connection = duckdb.connect(str(engine.path))
    try:
        yield BuiltModels(folder, connection, nodes, set(tables))
    finally:
        connection.close()


def shown(value: object) -> str:
    """Return a value in the form of the golden files; null is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)
