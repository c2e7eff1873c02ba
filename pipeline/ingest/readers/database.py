"""A database, through SQLAlchemy: one snapshot, each table streamed, found by its name in any case.

Values come as Python objects from any database. PostgreSQL gives its rows as the text of COPY instead, which the CSV
reader's own parser takes apart: no object is made per cell, and what Python has no value for (infinity, years beyond
9999) arrives as it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import PGInspector
from sqlalchemy.engine import URL

from pipeline.common.errors import WarehouseError
from pipeline.ingest.readers import RawBatch, Reading
from pipeline.ingest.schema import SourceTable
from pipeline.ingest.values.cells import text_of
from pipeline.ingest.values.headers import fold
from pipeline.storage.urls import Url, parse_url

BATCH_ROWS: Final = 20_000

_PINNED_SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "postgresql": (
        "set local synchronize_seqscans = off",  # the same order every time
        "set local time zone 'UTC'",
        "set local datestyle = 'ISO, YMD'",
        "set local intervalstyle = 'postgres'",
        "set local bytea_output = 'hex'",
        "set local lc_monetary = 'C'",  # money as $1,234.56
        "set local extra_float_digits = 1",  # the shortest text that is the same double
    ),
    "mysql": ("set names utf8mb4", "set time_zone = '+00:00'"),
    "mariadb": ("set names utf8mb4", "set time_zone = '+00:00'"),
}
"""What decides how a database writes its values, by kind of database: a role's or database's own settings would.

The search path is not among them: it says which schema is meant where the URL names none.
"""
_NO_ENCODING: Final = "SQL_ASCII"
"""PostgreSQL's name for a database whose texts may be in any encoding, or in several."""

_FORM: Final = "postgresql://user:password@host:5432/name or sqlite:///file"


class Database:
    """One source's database, read within one transaction. The password never reaches a message."""

    def __init__(self, source: str, location: str) -> None:
        self._written = parse_url(location, where=f"--{source}", form=_FORM)
        schemas = [value for name, value in self._written.parameters if name == "schema"]
        self.schema = (schemas or [""])[-1] or None
        self.name = self._written.shown
        self._url = _engine_url(self._written)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Open the database and see it as it is now, whatever others write meanwhile."""
        if self._url.get_backend_name() == "sqlite" and not _sqlite_file_exists(self._url):
            raise WarehouseError("there is no such database file", where=self.name, remedy="mind the path in the URL")
        try:
            # PostgreSQL's client would take its encoding from the database's or the environment's
            is_postgres = self._url.get_backend_name() == "postgresql"
            engine = sa.create_engine(self._url, connect_args={"client_encoding": "UTF8"} if is_postgres else {})
        except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ImportError) as error:
            raise WarehouseError(
                f"no driver for this database: {self.plain(error)}",
                where=self.name,
                remedy="use a postgresql:// or sqlite:// URL, or install the database's SQLAlchemy driver",
            ) from None
        try:
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True} if is_postgres else {}
            with engine.connect().execution_options(**options) as connection:
                for setting in _PINNED_SETTINGS.get(engine.dialect.name, ()):
                    connection.exec_driver_sql(setting)
                if engine.dialect.name == "sqlite":
                    connection.exec_driver_sql("begin")
                    connection.connection.driver_connection.text_factory = _text_or_bytes  # type: ignore[union-attr]
                yield Snapshot(self, connection, is_postgres=is_postgres)
        except sa.exc.SQLAlchemyError as error:
            raise self.fault(error) from None
        finally:
            engine.dispose()

    def fault(self, error: Exception) -> WarehouseError:
        """What went wrong, without a secret. Raise it `from None`: the original message may hold one."""
        return WarehouseError(
            f"the database can't be read: {self.plain(error)}",
            where=self.name,
            remedy="mind its address, its name, the user's rights, and whether it is up",
        )

    def plain(self, error: Exception) -> str:
        """The first line of an error's message, what may be secret masked."""
        cause = getattr(error, "orig", None) or error
        line = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
        return self._written.hide(line)


class Snapshot:
    """The tables of a database at one instant."""

    def __init__(self, database: Database, connection: sa.Connection, *, is_postgres: bool) -> None:
        self.database = database
        self._connection = connection
        self._is_postgres = is_postgres
        try:
            self._names = self._find_tables()
        except UnicodeError as error:  # what SQLite says of a damaged schema quotes it
            raise database.fault(error) from None
        self._copy_encoding = _copy_encoding(connection) if is_postgres else None

    def open(self, table: SourceTable) -> DatabaseTable | None:
        """The table of that name, None if there is none; WarehouseError if there are two that differ only in case."""
        found = [name for name in self._names if fold(name) == table.name]
        exact = [name for name in found if name == table.name]
        if len(found) > 1 and not exact:
            raise WarehouseError(
                f"{' and '.join(found)} both claim to be the table {table.name}",
                where=self.database.name,
                remedy="name one of them exactly so, or point to another schema with ?schema=",
            )
        if not found:
            return None
        name = (exact or found)[0]
        columns = sa.inspect(self._connection).get_columns(name, schema=self.database.schema)
        names = [str(column["name"]) for column in columns]
        return DatabaseTable(self.database, self._connection, table, name, names, copy_encoding=self._copy_encoding)

    def _find_tables(self) -> list[str]:
        inspector = sa.inspect(self._connection)
        schema = self.database.schema
        if schema is not None and schema not in inspector.get_schema_names():
            raise WarehouseError(f"there is no schema '{schema}'", where=self.database.name, remedy="mind ?schema=")
        names = [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
        if self._is_postgres:
            names += inspector.get_materialized_view_names(schema)
            names += cast(PGInspector, inspector).get_foreign_table_names(schema)
        return sorted(name for name in names if isinstance(name, str))  # SQLite's may be no UTF-8


class DatabaseTable:
    """One table, to be read once; `name` is what rejects and manifests call it.

    Rows count from 1. A table whose row order matters comes in the order of its key. Where there is a `copy_encoding`,
    the rows come by PostgreSQL's COPY.
    """

    dates_from_1904 = False
    reading = Reading()
    notices: tuple[str, ...] = ()

    def __init__(
        self,
        database: Database,
        connection: sa.Connection,
        table: SourceTable,
        name: str,
        columns: Sequence[str],
        *,
        copy_encoding: str | None,
    ) -> None:
        self._database = database
        self._connection = connection
        self._table = table
        self._table_name = name
        self.headers: tuple[str, ...] = tuple(columns)
        self._copy_encoding = copy_encoding
        self.name = f"{database.schema}.{name}" if database.schema else name

    def batches(self, positions: frozenset[int]) -> Iterator[RawBatch]:
        """The rows; only the columns at `positions` are asked for."""
        wanted = sorted(positions)
        query = self._query(wanted)
        try:
            arrays = self._copied(query, len(wanted)) if self._copy_encoding else self._fetched(query)
            number = 1
            for columns in arrays:
                rows = len(columns[0])
                by_position = dict(zip(wanted, columns, strict=True))
                nothing = pa.nulls(rows)
                yield RawBatch(
                    pa.array(np.arange(number, number + rows)),
                    tuple(by_position.get(at, nothing) for at in range(len(self.headers))),
                )
                number += rows
        except (sa.exc.SQLAlchemyError, pa.ArrowInvalid) as error:
            raise self._database.fault(error) from None

    def state(self) -> tuple[int, object]:
        """Return the number of rows and the newest `updated_at`, None where the table has no such column."""
        source = sa.table(self._table_name, *(sa.column(name) for name in self.headers), schema=self._database.schema)
        dated = next((source.c[name] for name in self.headers if fold(name) == "updated_at"), None)
        newest: Any = sa.null() if dated is None else sa.func.max(dated)
        rows, latest = self._connection.execute(sa.select(sa.func.count(), newest).select_from(source)).one()
        return int(rows), latest

    def _query(self, wanted: Sequence[int]) -> sa.Select[Any]:
        source = sa.table(self._table_name, *(sa.column(name) for name in self.headers), schema=self._database.schema)
        by_fold = {fold(name): source.c[name] for name in self.headers}
        columns: list[Any] = [source.c[self.headers[at]] for at in wanted]
        if self._copy_encoding:
            columns = [sa.cast(column, sa.Text).label(f"c{at}") for at, column in enumerate(columns)]
        query = sa.select(*columns)
        if self._table.row_numbers:
            keys = (by_fold[name] for name in (*self._table.key, "updated_at") if name in by_fold)
            query = query.order_by(*keys)
        return query

    def _fetched(self, query: sa.Select[Any]) -> Iterator[tuple[pa.Array, ...]]:
        options = {"stream_results": True, "yield_per": BATCH_ROWS}
        with self._connection.execution_options(**options).execute(query) as result:
            for rows in result.partitions():
                yield tuple(_array(values) for values in zip(*rows, strict=True))

    def _copied(self, query: sa.Select[Any], width: int) -> Iterator[tuple[pa.Array, ...]]:
        import psycopg

        from pipeline.ingest.readers.copy_stream import read_copy

        driver = self._connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        statement = query.compile(self._connection, compile_kwargs={"literal_binds": True})
        try:
            with (
                driver.cursor() as cursor,
                cursor.copy(f"copy ({statement}) to stdout (format csv, encoding '{self._copy_encoding}')") as copy,
            ):
                yield from read_copy(copy, width, is_utf8=self._copy_encoding != _NO_ENCODING)
        except psycopg.Error as error:
            raise self._database.fault(error) from None


def _copy_encoding(connection: sa.Connection) -> str:
    """Tell how COPY writes texts: in UTF-8, but for a database whose texts nobody can convert: as they are."""
    encoding: str = connection.exec_driver_sql("show server_encoding").scalar_one()
    return _NO_ENCODING if encoding == _NO_ENCODING else "UTF8"


def _array(values: Sequence[object]) -> pa.Array:
    """One column of rows as an array: of the driver's own type where all values share one, else of their texts."""
    plain = [text_of(value) if isinstance(value, (list, tuple, dict)) else value for value in values]
    try:
        return pa.array(plain)
    except (pa.ArrowException, OverflowError):
        return pa.array([None if value is None else _bytes_of(value) for value in plain], pa.binary())


def _text_or_bytes(data: bytes) -> str | bytes:
    """SQLite's text may be anything; what is not UTF-8 stays bytes, for the cell rules to refuse."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data


def _bytes_of(value: object) -> bytes:
    """What a cell says, in bytes: the cell rules tell whether it is text at all."""
    return bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else text_of(value).encode("utf-8")


def _engine_url(url: Url) -> URL:
    """Give SQLAlchemy the parts, with the driver that reads PostgreSQL here; several hosts stand in the query."""
    query: dict[str, tuple[str, ...]] = {}
    for name, value in url.parameters:
        if name != "schema":
            query[name] = (*query.get(name, ()), value)
    host, port = url.host.strip("[]") or None, url.port
    if "," in url.host:
        ports = (url.port or "").split(",")
        names = url.host.split(",")
        query["host"] = tuple(f"{name}:{ports[at] if at < len(ports) else ''}" for at, name in enumerate(names))
        host = port = None
    return URL.create(
        "postgresql+psycopg" if url.scheme in ("postgres", "postgresql") else url.scheme,
        username=url.user,
        password=url.password,
        host=host,
        port=None if port is None else int(port),
        database=url.database or None,
        query={name: values if len(values) > 1 else values[0] for name, values in query.items()},
    )


def _sqlite_file_exists(url: URL) -> bool:
    name = url.database
    return not name or name == ":memory:" or name.startswith("file:") or Path(name).is_file()
