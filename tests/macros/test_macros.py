"""The macros give the same results on every engine and in plain Python, case by case, to the last digit.

One dbt project has a model for each group of macros; dbt compiles it for the engine, and the engine runs the compiled
select over the tables of cases.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dbt.cli.main import dbtRunner

from pipeline.dbt.runner import environment_variables
from pipeline.engines.postgres_server import PostgresServer, open_server
from pipeline.paths import DBT_PROJECT, PROJECT_ROOT
from pipeline.settings import Settings
from tests.engines.english import english_database
from tests.macros.readings import READINGS, Row, case_tables

PROJECT = Path(__file__).parent / "project"
FEW, MANY = 3_000, 100_000

RunSelects = Callable[[Path, dict[str, pa.Table]], dict[str, list[Row]]]


def compiled(target: str, folder: Path, environment: dict[str, str]) -> dict[str, str]:
    """Return the compiled select of each model."""
    options = {"project-dir": PROJECT, "profiles-dir": DBT_PROJECT, "target": target, "target-path": folder}
    words = [word for name, value in {**options, "log-path": folder}.items() for word in (f"--{name}", str(value))]
    with environment_variables(environment):
        result = dbtRunner().invoke(["compile", "--no-introspect", "--no-populate-cache", "--quiet", *words])
    assert result.success, result.exception
    return {node.node.name: node.node.compiled_code for node in result.result.results}


def plain(value: Any) -> Any:
    """Convert the value of any engine's driver to one common form."""
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def in_order(rows: list[Row]) -> list[Row]:
    return sorted((tuple(map(plain, row)) for row in rows), key=lambda row: row[0])


def on_duckdb(folder: Path, tables: dict[str, pa.Table]) -> dict[str, list[Row]]:
    selects = compiled("duckdb", folder, {})
    with duckdb.connect() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        return {name: connection.sql(select).fetchall() for name, select in selects.items()}


def on_postgres(folder: Path, tables: dict[str, pa.Table]) -> dict[str, list[Row]]:
    # not in pytest's own folder, which is closed to other users, including the server's
    with tempfile.TemporaryDirectory(prefix="warehouse-", ignore_cleanup_errors=True) as state:
        return on_postgres_server(open_server(Settings(state=Path(state))), folder, tables)


def on_postgres_in_english(folder: Path, tables: dict[str, pa.Table]) -> dict[str, list[Row]]:
    with (
        tempfile.TemporaryDirectory(prefix="warehouse-", ignore_cleanup_errors=True) as state,
        pytest.MonkeyPatch.context() as environment,
    ):
        return on_postgres_server(PostgresServer(english_database(Path(state), environment)), folder, tables)


def on_postgres_server(server: PostgresServer, folder: Path, tables: dict[str, pa.Table]) -> dict[str, list[Row]]:
    selects = compiled("postgres", folder, dict(server.dbt_environment()))
    with closing(server.connect_arrow()) as loading, loading.cursor() as cursor:
        for name, table in tables.items():
            cursor.adbc_ingest(name, table, mode="replace")
        loading.commit()
    with server.connect() as connection:
        return {name: connection.execute(select.encode()).fetchall() for name, select in selects.items()}


def on_spark(session: Any, folder: Path, tables: dict[str, pa.Table]) -> dict[str, list[Row]]:
    selects = compiled("spark", folder, {})
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
        session.read.parquet(str(folder / f"{name}.parquet")).createOrReplaceTempView(name)
    return {name: [tuple(row) for row in session.sql(select).collect()] for name, select in selects.items()}


ENGINES: dict[str, RunSelects] = {
    "duckdb": on_duckdb,
    "postgres": on_postgres,
    "postgres in English": on_postgres_in_english,
}


@pytest.fixture(params=[*ENGINES, pytest.param("spark", marks=pytest.mark.spark)])
def run(request: pytest.FixtureRequest) -> RunSelects:
    """Run the compiled selects of all models over the tables of cases, on an engine."""
    if request.param == "spark":
        return partial(on_spark, request.getfixturevalue("spark_session"))
    return ENGINES[request.param]


def assert_as_read(run: RunSelects, folder: Path, count: int) -> None:
    tables = case_tables(count)
    results = run(folder, tables)
    assert results.keys() == READINGS.keys()
    for model, (table, read) in READINGS.items():
        cases = [tuple(row.values()) for row in tables[table].to_pylist()]
        expected, found = in_order(read(cases)), in_order(results[model])
        assert len(found) == len(expected), model
        differing = [(want, got) for want, got in zip(expected, found, strict=True) if want != got]
        assert not differing, f"{model}: {len(differing)} cases differ; the first: expected, found\n" + "\n".join(
            map(repr, differing[0])
        )


def test_macros_equal_a_plain_reading(run: RunSelects, tmp_path: Path) -> None:
    assert_as_read(run, tmp_path, FEW)


@pytest.mark.slow
def test_macros_equal_a_plain_reading_in_very_many_cases(run: RunSelects, tmp_path: Path) -> None:
    assert_as_read(run, tmp_path, MANY)


DBT_OWN = {
    "create_view_as",
    "get_empty_schema_sql",
    "get_table_columns_and_constraints",
    "load_csv_rows",
    "persist_constraints",
}
"""Overridden macros of dbt, which every build of the project runs."""


def dispatched_macros() -> set[str]:
    """Return the macros that an engine overrides or dbt dispatches."""
    files = (DBT_PROJECT / "macros").glob("*.sql")
    return {
        file.stem for file in files if re.search(r"adapter\.dispatch|macro (duckdb|postgres|spark)__", file.read_text())
    }


def macros_called_in(texts: list[str]) -> set[str]:
    """Return the macros that the texts call, directly or indirectly."""
    bodies = {file.stem: file.read_text() for file in (DBT_PROJECT / "macros").glob("*.sql")}
    called: set[str] = set()
    waiting = list(texts)
    while waiting:
        found = {name for name in re.findall(r"\b(\w+)\(", waiting.pop()) if name in bodies} - called
        called |= found
        waiting += [bodies[name] for name in found]
    return called


def test_every_dispatched_macro_has_cases() -> None:
    models = [file.read_text() for file in (PROJECT / "models").glob("*.sql")]
    assert dispatched_macros() - macros_called_in(models) - DBT_OWN - {"layer_schema"} == set()


def test_the_page_of_macros_lists_every_dispatched_macro() -> None:
    page = (PROJECT_ROOT / "docs" / "macros.md").read_text()
    assert {name for name in dispatched_macros() if f"`{name}`" not in page} == set()
