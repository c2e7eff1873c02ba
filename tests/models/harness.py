"""Runs the models on rows given as Python values: the way that tests of whole models see them.

Source tables are written as typed Parquet, loaded by the real engine and built by the real dbt runner; what is not
given is an empty table, as in a run whose source is absent.
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

from pipeline.dbt_runner import NodeResult, parsed_project, run_dbt
from pipeline.engines import RawTable
from pipeline.engines.duckdb import DuckDBEngine
from pipeline.ingest.tables import SOURCE_TABLES
from pipeline.settings import Settings

Row = dict[str, Any]
Tables = Mapping[tuple[str, str], Iterable[Mapping[str, Any]]]
"""Rows by source and table, as in {("crm", "accounts"): [{"id": "a", "name": "A"}]}."""

AS_OF = "2025-01-15 12:00:00"

RUN_TABLES = {
    ("run", "loads"): pa.schema(
        [
            ("source", pa.string()),
            ("table_name", pa.string()),
            ("is_configured", pa.bool_()),
            ("files", pa.int64()),
            ("read", pa.int64()),
            ("loaded", pa.int64()),
            ("rejected", pa.int64()),
            ("fingerprint", pa.string()),
        ]
    ),
    ("run", "rejects"): pa.schema(
        [
            ("source", pa.string()),
            ("table_name", pa.string()),
            ("file", pa.string()),
            ("row_number", pa.int64()),
            ("column_name", pa.string()),
            ("value", pa.string()),
            ("reason", pa.string()),
            ("action", pa.string()),
        ]
    ),
    ("run", "duplicate_history"): pa.schema(
        [
            ("id", pa.string()),
            ("account_id", pa.string()),
            ("division", pa.string()),
            ("address", pa.string()),
            ("estimate_ids", pa.string()),
            ("detected_at", pa.timestamp("us")),
            ("resolved_at", pa.timestamp("us")),
        ]
    ),
    ("run", "metric_history"): pa.schema(
        [
            ("as_of", pa.timestamp("us")),
            ("metric", pa.string()),
            ("dimension", pa.string()),
            ("value", pa.decimal128(24, 6)),
        ]
    ),
}


def raw_schemas() -> dict[tuple[str, str], pa.Schema]:
    """The schema of every relation of the raw schema."""
    return {(t.source, t.name): t.arrow_schema for t in SOURCE_TABLES} | RUN_TABLES


def _typed(value: Any, kind: pa.DataType) -> Any:
    """Let tests write dates, instants and amounts as text."""
    if not isinstance(value, str):
        return Decimal(value) if isinstance(value, int) and pa.types.is_decimal(kind) else value
    if pa.types.is_date(kind):
        return date.fromisoformat(value)
    if pa.types.is_timestamp(kind):
        return datetime.fromisoformat(value)
    if pa.types.is_decimal(kind):
        return Decimal(value)
    return value


def _arrow(table: tuple[str, str], schema: pa.Schema, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Type the rows; `_row` is their order and a load's `is_configured` is true unless given."""
    columns: dict[str, list[Any]] = {name: [] for name in schema.names}
    defaults = {"_row": itertools.count(2), "organization_id": itertools.repeat(1)}
    for row in rows:
        if unknown := set(row) - set(columns):
            raise KeyError(f"{table}: no column {sorted(unknown)}")
        for name in columns:
            value = row[name] if name in row else next(defaults[name]) if name in defaults else None
            columns[name].append(_typed(value, schema.field(name).type))
    return pa.table({name: pa.array(v, schema.field(name).type) for name, v in columns.items()}, schema=schema)


@dataclass(frozen=True)
class BuiltModels:
    """A warehouse that dbt has built, to be read while it is open."""

    connection: duckdb.DuckDBPyConnection
    nodes: list[NodeResult]

    def arrow(self, model: str, schema: str = "marts") -> pa.Table:
        """Return a model whole."""
        return self.connection.sql(f"select * from {schema}.{model}").to_arrow_table()

    def rows(self, model: str, order_by: str = "1", schema: str = "marts") -> list[Row]:
        """Return a model as rows, ordered by the expression."""
        return self.query(f"select * from {schema}.{model} order by {order_by}")

    def query(self, sql: str) -> list[Row]:
        """Return the rows of any query."""
        rows: list[Row] = self.connection.sql(sql).to_arrow_table().to_pylist()
        return rows


class ModelsFailed(AssertionError):
    """A model could not be built or a data test failed; the message says which, and why."""


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
    """Build the models in a database of its own and yield it.

    `select` are dbt selectors (all models without), `variables` dbt vars. Every platform row belongs to organization 1
    unless it says otherwise; every source table counts as configured unless `run.loads` is given. A failed node raises
    ModelsFailed unless `check` is false.
    """
    given = dict(tables)
    if unknown := set(given) - set(raw_schemas()):
        raise KeyError(f"no source table {sorted(unknown)}")
    if ("run", "loads") not in given:
        given[("run", "loads")] = [
            {"source": t.source, "table_name": t.name, "is_configured": True, "files": 1} for t in SOURCE_TABLES
        ]
    engine = DuckDBEngine(Settings(state=folder))
    raw = []
    for (source, name), schema in raw_schemas().items():
        path = folder / "raw" / f"{source}__{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(_arrow((source, name), schema, given.get((source, name), ())), path)
        raw.append(RawTable(path.stem, schema, (path,), "test"))
    engine.load(raw)
    with engine.dbt_session() as environment:
        nodes = run_dbt(
            [*commands, *(["--select", *select] if select else [])],
            target="duckdb",
            target_path=folder / "target",
            environment=environment,
            variables={"as_of": as_of, **variables},
        )
    if check and (failed := [node for node in nodes if not node.ok]):
        raise ModelsFailed("\n".join(f"{node.name}: {node.status}: {node.message}" for node in failed))
    connection = duckdb.connect(str(engine.path))
    try:
        yield BuiltModels(connection, nodes)
    finally:
        connection.close()


def model_names() -> set[str]:
    """The names of all models of the project."""
    nodes: Mapping[str, Any] = parsed_project().manifest["nodes"]
    return {node["name"] for node in nodes.values() if node["resource_type"] == "model"}
