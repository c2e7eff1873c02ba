"""Complete builds on a shared PostgreSQL: least privilege, another locale, concurrent readers."""

from __future__ import annotations

import queue
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest

from pipeline.engines.postgres_server import open_server
from pipeline.paths import PROJECT_ROOT
from pipeline.settings import Settings
from tests.engines.builds import build_marts
from tests.engines.english import english_database
from tests.engines.random_sources import random_raw_tables

ROLES = PROJECT_ROOT / "docs" / "postgres_roles.sql"
ROWS = 150
PATIENCE = 60
"""Timeout in seconds for a look that takes milliseconds."""


class Warehouse:
    """A database with the C locale, whose lower() knows ASCII only, set up with the documented roles."""

    def __init__(self, state: Path) -> None:
        embedded = open_server(Settings(state=state)).conninfo
        with psycopg.connect(embedded, autocommit=True) as connection:
            connection.execute(
                "create database shared template template0 encoding 'UTF8' locale_provider libc locale 'C'"
            )
        self.admin = embedded.replace("/warehouse?", "/shared?")
        with psycopg.connect(self.admin) as connection:
            connection.execute(ROLES.read_bytes())
            connection.execute("create role ana login in role warehouse_reader")
            connection.execute("create table public.payroll as select 1 as salary")
        self.loader = self.admin.replace("postgres:@", "warehouse_loader:@")
        self.reader = self.admin.replace("postgres:@", "ana:@")


@pytest.fixture(scope="module")
def warehouse(state: Path) -> Warehouse:
    return Warehouse(state)


@pytest.fixture(scope="module")
def built(warehouse: Warehouse, state: Path) -> Iterator[dict[str, pa.Table]]:
    """The committed marts of a run by the loader role."""
    tables = random_raw_tables(state / "first", rows=ROWS, seed=1)
    yield build_marts(Settings(state=state, target="postgres", postgres_url=warehouse.loader), tables)


def refused(conninfo: str, statement: str) -> None:
    """Assert that a role may not execute a statement."""
    connection = psycopg.connect(conninfo, autocommit=True)
    with closing(connection), pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_the_loader_builds_the_same_rows_as_duckdb_in_a_database_of_another_locale(
    built: dict[str, pa.Table], tmp_path: Path
) -> None:
    tables = random_raw_tables(tmp_path / "raw", rows=ROWS, seed=1)
    expected = build_marts(Settings(state=tmp_path), tables)
    assert built.keys() == expected.keys()
    for mart, table in expected.items():
        rows = sorted(map(str, table.to_pylist()))
        assert sorted(map(str, built[mart].to_pylist())) == rows, mart
        assert rows or mart == "duplicate_at_risk_estimates", f"{mart} is empty, so it proves nothing"


@pytest.mark.slow
def test_the_rows_are_the_same_in_a_database_with_english_collation(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tables = random_raw_tables(tmp_path / "raw", rows=ROWS, seed=1)
    with tempfile.TemporaryDirectory(prefix="warehouse-", ignore_cleanup_errors=True) as name:
        english = english_database(Path(name), monkeypatch)
        state = tmp_path / "english"
        state.mkdir()
        built = build_marts(Settings(state=state, target="postgres", postgres_url=english), tables)
    for mart, table in build_marts(Settings(state=tmp_path), tables).items():
        assert sorted(map(str, built[mart].to_pylist())) == sorted(map(str, table.to_pylist())), mart


def test_readers_read_every_mart(built: dict[str, pa.Table], warehouse: Warehouse) -> None:
    with closing(psycopg.connect(warehouse.reader)) as connection:
        for mart, table in built.items():
            assert connection.execute(f"select count(*) from marts.{mart}").fetchone() == (table.num_rows,)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into marts.accounts (id) values ('x')",
        "update marts.accounts set name = 'x'",
        "delete from marts.accounts",
        "truncate marts.accounts",
        "drop table marts.accounts",
        "create table marts.mine (id text)",
        "create table public.mine (id text)",
        "create temporary table mine (id text)",
        "create schema mine",
        "select * from raw.crm__accounts",
        "select * from staging.stg_crm__accounts",
        "select * from marts_build.accounts",
        "select * from public.payroll",
    ],
)
def test_readers_can_do_nothing_else(built: dict[str, pa.Table], warehouse: Warehouse, statement: str) -> None:
    refused(warehouse.reader, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "create schema mine",
        "create database mine",
        "create role mine",
        "create table public.mine (id text)",
        "create temporary table mine (id text)",
        "select * from public.payroll",
        "alter role warehouse_reader superuser",
        "grant warehouse_reader to ana",
        "copy marts.accounts to program 'true'",
    ],
)
def test_the_loader_can_do_nothing_outside_its_schemas(
    built: dict[str, pa.Table], warehouse: Warehouse, statement: str
) -> None:
    refused(warehouse.loader, statement)


def test_readers_who_poll_during_a_whole_run_see_the_last_one_and_then_this_one(
    built: dict[str, pa.Table], warehouse: Warehouse, state: Path
) -> None:
    looks: queue.SimpleQueue[object] = queue.SimpleQueue()
    ending = threading.Event()

    def poll() -> None:
        with closing(psycopg.connect(warehouse.reader, autocommit=True)) as connection:
            while not ending.is_set():
                looks.put(connection.execute(counts).fetchone())

    names = sorted(built)
    counts = "select " + ", ".join(f"(select count(*) from marts.{name})" for name in names)
    reader = threading.Thread(target=poll)
    reader.start()
    try:
        seen = [looks.get(timeout=PATIENCE)]
        tables = random_raw_tables(state / "second", rows=ROWS + 40, seed=2)
        after = build_marts(Settings(state=state, target="postgres", postgres_url=warehouse.loader), tables)
        # the last of these started after the run
        seen += [looks.get(timeout=PATIENCE) for _ in range(looks.qsize() + 2)]
    finally:
        ending.set()
        reader.join()
    runs = [tuple(marts[name].num_rows for name in names) for marts in (built, after)]
    assert runs[0] != runs[1]
    assert list(dict.fromkeys(seen)) == runs, "neither an intermediate nor a partial state"
    with closing(psycopg.connect(warehouse.reader)) as connection:
        assert connection.execute(counts).fetchone() == runs[1]
