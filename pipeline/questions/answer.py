"""Runs a query on the published marts or on a drop's Parquet files, and returns the rows.

The marts are the published ones: `STATE/published.duckdb`, or PostgreSQL's schema `marts`. DuckDB reads a drop,
whichever engine computed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb

from pipeline.common.errors import WarehouseError
from pipeline.common.scratch_database import quoted, utc_rows
from pipeline.drops.catalog import read_manifest
from pipeline.drops.encrypted_files import readable_file
from pipeline.drops.find_drop import OpenDrop, find_drop, open_drop
from pipeline.drops.write_changes import ACCOUNT_CHANGES, CHANGES
from pipeline.engines import TENANT
from pipeline.engines.duckdb_marts import MARTS, PUBLISHED_FILE
from pipeline.questions.question import Question
from pipeline.settings import Settings
from pipeline.storage.place import Place

LATEST: Final = "latest"
BEFORE: Final = "before"
"""The schema with the exports of the previous drop."""


@dataclass(frozen=True)
class Answer:
    """The rows of an answer, in order; values are Python objects (Decimal, date, datetime in UTC without a zone)."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def ask(settings: Settings, question: Question, drop: str | None = None) -> Answer:
    """Run a query on the published marts, or on `drop`; a query that compares drops uses the latest by default.

    WarehouseError if nothing is published, or a previous drop is needed and there is none.
    """
    if drop is None and not question.compares_drops:
        return _ask_postgres(settings, question) if settings.target == "postgres" else _ask_duckdb(settings, question)
    with open_drop(find_drop(drop or LATEST, settings)) as opened:
        return _ask_drop(opened, question)


def _ask_duckdb(settings: Settings, question: Question) -> Answer:
    published = settings.state / PUBLISHED_FILE
    if not published.exists():
        raise WarehouseError(
            "no marts are published here",
            where=str(published),
            remedy="run the pipeline with this state folder, or query a drop: --drop latest",
        )
    with closing(duckdb.connect(str(published), read_only=True)) as connection:
        connection.execute(f"set schema = '{MARTS}'")
        return _rows(connection, question)


def _ask_postgres(settings: Settings, question: Question) -> Answer:
    import psycopg

    from pipeline.engines.postgres_marts import MARTS_SCHEMA
    from pipeline.engines.postgres_server import open_server

    server = open_server(settings)
    with server.connect() as connection:
        connection.read_only = True
        try:
            connection.execute(f"set search_path to {MARTS_SCHEMA}")
            cursor = connection.execute(question.sql.encode())
        except psycopg.Error as error:
            raise _unanswered(question, error.diag.message_primary or str(error), server.where) from None
        columns = tuple(column.name for column in cursor.description or ())
        return Answer(columns, tuple(cursor.fetchall()))


def _ask_drop(drop: OpenDrop, question: Question) -> Answer:
    with closing(duckdb.connect()) as connection, TemporaryDirectory(prefix="changes-") as scratch:
        connection.execute("set timezone = 'UTC'")
        _open_exports(connection, drop, "main")
        if question.compares_drops:
            _view(connection, "main", ACCOUNT_CHANGES, _account_changes(drop, Path(scratch)))
            with _opened_before(drop) as before:
                _open_exports(connection, before, BEFORE)
                return _rows(connection, question)
        return _rows(connection, question)


def _open_exports(connection: duckdb.DuckDBPyConnection, drop: OpenDrop, schema: str) -> None:
    """Make a view of each export; like the marts, exports of the platform's tenants get the organization's column."""
    connection.execute(f"create schema if not exists {schema}")
    for name, path in drop.files.parquet.items():
        has_tenant = drop.contracts[name].tenant != TENANT or TENANT in drop.contracts[name].arrow_schema.names
        _view(connection, schema, name, path, *(() if has_tenant else (f"{drop.organization_id} as {TENANT}",)))


def _view(connection: duckdb.DuckDBPyConnection, schema: str, name: str, path: Path, *more: str) -> None:
    connection.execute(f"create view {schema}.{quoted(name)} as {utc_rows(connection, path, *more)}")


def _account_changes(drop: OpenDrop, scratch: Path) -> Path:
    """Return the drop's account_changes.parquet, fetched if the drop is on a server."""
    name = f"{CHANGES}/{ACCOUNT_CHANGES}.parquet"
    if not drop.manifest.get("changes"):
        raise _nothing_before(drop)
    return readable_file(drop.place, drop.manifest, name, scratch)


@contextmanager
def _opened_before(drop: OpenDrop) -> Iterator[OpenDrop]:
    """Open the previous drop, which the changes of this one are relative to."""
    against: Place = drop.place.parent().child(drop.manifest["changes"]["against"])
    if read_manifest(against) is None:
        raise _nothing_before(drop)
    with open_drop(against) as opened:
        yield opened


def _nothing_before(drop: OpenDrop) -> WarehouseError:
    return WarehouseError(
        "the query compares a drop with the previous one, but there is none",
        where=drop.place.address,
        remedy="name a later drop of the organization",
    )


def _rows(connection: duckdb.DuckDBPyConnection, question: Question) -> Answer:
    try:
        cursor = connection.execute(question.sql)
    except duckdb.Error as error:
        raise _unanswered(question, str(error).splitlines()[0], question.name) from None
    return Answer(tuple(name for name, *_ in cursor.description or ()), tuple(cursor.fetchall()))


def _unanswered(question: Question, why: str, where: str) -> WarehouseError:
    return WarehouseError(
        f"the query {question.name} fails on what is published: {why}",
        where=where,
        remedy="run the pipeline again with this version, or query a drop that this version published",
    )
