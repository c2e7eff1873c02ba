"""Reads the result of a Spark run from its Parquet files with DuckDB, because Spark's views end with the run.

Tables are the run's own files; dbt creates the views again in DuckDB's dialect, which gives the same values. This
happens once per run, in a separate database file that only contains views.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from pipeline.common.errors import WarehouseError
from pipeline.common.scratch_database import quoted, read_parquet
from pipeline.dbt.runner import DbtContext, run_dbt
from pipeline.engines.duckdb import DATABASE_FILE, DuckDBEngine
from pipeline.engines.spark import SparkEngine
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace

READABLE: Final = "spark-readable"
"""The folder in the state folder with DuckDB's views of Spark's files, in a folder named after the latest Spark run."""


class SparkFiles(DuckDBEngine):
    """An engine that reads the latest Spark run's files with DuckDB, and published rows from Spark's folder."""

    def __init__(self, spark: SparkEngine, settings: Settings, workspace: Workspace, plan: RunPlan) -> None:
        self._spark = spark
        super().__init__(settings.model_copy(update={"state": _readable(spark, settings, workspace, plan)}))

    def read_published(self, mart: str, having: Mapping[str, int | str]) -> pa.Table:
        """Return published rows of Spark's marts."""
        return self._spark.read_published(mart, having)


def _readable(spark: SparkEngine, settings: Settings, workspace: Workspace, plan: RunPlan) -> Path:
    """Return the folder of the views, created if needed."""
    build = spark.build_folder()
    readable = settings.state / READABLE / build.name
    if not readable.exists():
        shutil.rmtree(readable.parent, ignore_errors=True)
        draft = readable.with_name("draft")
        draft.mkdir(parents=True)
        _make_views(build, draft, settings, workspace, plan)
        draft.rename(readable)
    return readable


def _make_views(build: Path, draft: Path, settings: Settings, workspace: Workspace, plan: RunPlan) -> None:
    """Make a view of each table's files, then have dbt make the models that are views."""
    with duckdb.connect(str(draft / DATABASE_FILE)) as connection:
        for schema in sorted(path for path in build.iterdir() if path.is_dir()):
            connection.execute(f"create schema if not exists {quoted(schema.name)}")
            for table in sorted(path for path in schema.iterdir() if path.is_dir()):
                _make_view(connection, f"{quoted(schema.name)}.{quoted(table.name)}", sorted(table.glob("*.parquet")))
    engine = DuckDBEngine(settings.model_copy(update={"state": draft}))
    with engine.dbt_session() as environment:
        nodes = run_dbt(
            ["run", "--select", "config.materialized:view"],
            DbtContext(engine.name, workspace.dbt_target, environment, plan.dbt_variables),
        )
    if failed := [node for node in nodes if not node.ok]:
        what = f"{failed[0].name} can't be read from Spark's files: {failed[0].message}"
        raise WarehouseError(what, where=str(build))


def _make_view(connection: duckdb.DuckDBPyConnection, name: str, files: list[Path]) -> None:
    """Make a view of a table's files, with instants in the form of the models: in UTC, without a zone."""
    if not files:
        return
    source = read_parquet(files)
    columns = ", ".join(
        f"{quoted(column)} at time zone 'UTC' as {quoted(column)}" if kind.endswith("TIME ZONE") else quoted(column)
        for column, kind, *_ in connection.execute(f"describe select * from {source}").fetchall()
    )
    connection.execute(f"create view {name} as select {columns} from {source}")
