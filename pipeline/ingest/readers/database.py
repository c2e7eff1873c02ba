"""Reads the tables of a database with SQLAlchemy, in one snapshot. Table names are matched case-insensitively.

`database_table.py` reads the rows of a table.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import PGInspector
from sqlalchemy.engine import URL

from pipeline.common.errors import WarehouseError
from pipeline.ingest.readers.csv_file import BLOCK_BYTES
from pipeline.ingest.readers.database_table import NO_ENCODING, DatabaseTable
from pipeline.ingest.readers.postgres import POSTGRES_SETTINGS, lock_tables, remedy_of, underlying_type
from pipeline.ingest.schema import SourceTable
from pipeline.ingest.values.headers import fold
from pipeline.storage.urls import Url, parse_url

_PINNED_SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "postgresql": POSTGRES_SETTINGS,
    "mysql": ("set names utf8mb4", "set time_zone = '+00:00'"),
    "mariadb": ("set names utf8mb4", "set time_zone = '+00:00'"),
}
"""By kind of database, the statements that fix how it writes values, whatever settings a role or database has."""
_ALL_ROWS: Final = "set local row_security = off"
"""If a policy would hide rows from the role, PostgreSQL then raises an error instead of returning fewer rows."""
_OWN_PARAMETERS: Final = frozenset({"schema", "row_security"})
"""The URL parameters that are meant for this program; all others are passed to the driver."""

_FORM: Final = "postgresql://user:password@host:5432/name or sqlite:///file"


class Database:
    """One source's database, read in one transaction. Messages never contain its password."""

    def __init__(self, source: str, location: str) -> None:
        self._written = parse_url(location, where=f"--{source}", form=_FORM)
        own = {name: value for name, value in self._written.parameters if name in _OWN_PARAMETERS}
        self.schema = own.get("schema") or None
        self._may_hide_rows = own.get("row_security") == "on"
        self.name = self._written.shown
        self._url = _engine_url(self._written)

    @contextmanager
    def snapshot(self, tables: Sequence[SourceTable]) -> Iterator[Snapshot]:
        """Open the database and yield a snapshot of its `tables`, which later changes do not affect."""
        if self._url.get_backend_name() == "sqlite" and not _sqlite_file_exists(self._url):
            raise WarehouseError("there is no such database file", where=self.name, remedy="check the path in the URL")
        try:
            # otherwise PostgreSQL's client uses the encoding of the database or the environment
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
                locked = self._lockable(connection, tables) if is_postgres else []
                for setting in _PINNED_SETTINGS.get(engine.dialect.name, ()):
                    connection.exec_driver_sql(setting)
                lock_tables(connection, self.schema, locked)
                if is_postgres and not self._may_hide_rows:
                    connection.exec_driver_sql(_ALL_ROWS)
                if engine.dialect.name == "sqlite":
                    connection.exec_driver_sql("begin")
                    connection.connection.driver_connection.text_factory = _text_or_bytes  # type: ignore[union-attr]
                yield Snapshot(self, connection, is_postgres=is_postgres)
        except sa.exc.SQLAlchemyError as error:
            raise self.fault(error) from None
        finally:
            engine.dispose()

    def _lockable(self, connection: sa.Connection, tables: Sequence[SourceTable]) -> list[str]:
        """Return the names of the tables and views among `tables`, queried in a transaction of its own."""
        inspector = sa.inspect(connection)
        names = {*inspector.get_table_names(self.schema), *inspector.get_view_names(self.schema)}
        connection.rollback()
        wanted = {table.name for table in tables}
        return sorted(name for name in names if fold(name) in wanted)

    def fault(self, error: Exception, table: str = "") -> WarehouseError:
        """Return an error's message without secrets. Raise it `from None`: the original message may contain secrets."""
        what = self.plain(error)
        remedy = remedy_of(error) or "check its address, its name, the user's rights, and whether it is running"
        if "row-level security" in what:
            remedy = (
                "let the role bypass row security, or add row_security=on to the URL "
                "if only the rows that its policies show should be read"
            )
        elif "straddling" in what:  # Arrow's word for it
            what, remedy = (
                f"a row has a text of more than {BLOCK_BYTES // 1024**2} MiB",
                "leave out the column with a view",
            )
        return WarehouseError(
            f"the {f'table {table} of the ' if table else ''}database can't be read: {what}",
            where=self.name,
            remedy=remedy,
        )

    def plain(self, error: Exception) -> str:
        """Return the first line of an error's message, with possible secrets masked."""
        cause = getattr(error, "orig", None) or error
        line = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
        return self._written.hide(line)


class Snapshot:
    """The tables of a database at one point in time."""

    def __init__(self, database: Database, connection: sa.Connection, *, is_postgres: bool) -> None:
        self.database = database
        self._connection = connection
        self._is_postgres = is_postgres
        try:
            self._names = self._find_tables()
        except UnicodeError as error:  # SQLite's message about a damaged schema quotes the schema
            raise database.fault(error) from None
        self._copy_encoding = _copy_encoding(connection) if is_postgres else None

    def open(self, table: SourceTable) -> DatabaseTable | None:
        """Return the table with this name, or None. Raises WarehouseError if several names differ only in case."""
        found = [name for name in self._names if fold(name) == table.name]
        exact = [name for name in found if name == table.name]
        if len(found) > 1 and not exact:
            raise WarehouseError(
                f"{' and '.join(found)} both claim to be the table {table.name}",
                where=self.database.name,
                remedy="rename one of them to exactly this name, or choose another schema with ?schema=",
            )
        if not found:
            return None
        name = (exact or found)[0]
        others = [other for other in found if other != name]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sa.exc.SAWarning)  # about unknown types, which are read as texts
            try:
                columns = sa.inspect(self._connection).get_columns(name, schema=self.database.schema)
            except sa.exc.NoSuchTableError:  # a foreign table or materialized view, which can't be locked
                raise WarehouseError(
                    f"the table {name} was dropped while the database was read",
                    where=self.database.name,
                    remedy="run again when the table exists again",
                ) from None
        types = {str(column["name"]): underlying_type(column["type"]) for column in columns}
        database = self.database
        return DatabaseTable(
            self._connection,
            database.schema,
            name,
            types,
            table,
            database.fault,
            copy_encoding=self._copy_encoding,
            notices=(f"{database.name}: the table {name} was read, and not {' or '.join(others)}",) if others else (),
        )

    def _find_tables(self) -> list[str]:
        inspector = sa.inspect(self._connection)
        schema = self.database.schema
        if schema is not None and schema not in inspector.get_schema_names():
            raise WarehouseError(
                f"there is no schema '{schema}'", where=self.database.name, remedy="correct ?schema= in the URL"
            )
        names = [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
        if self._is_postgres:
            names += inspector.get_materialized_view_names(schema)
            names += cast(PGInspector, inspector).get_foreign_table_names(schema)
        return sorted(name for name in names if isinstance(name, str))  # SQLite's may be no UTF-8


def _copy_encoding(connection: sa.Connection) -> str:
    """Return the encoding in which COPY writes texts: UTF-8, unless the database's encoding is unknown."""
    encoding: str = connection.exec_driver_sql("show server_encoding").scalar_one()
    return NO_ENCODING if encoding == NO_ENCODING else "UTF8"


def _text_or_bytes(data: bytes) -> str | bytes:
    """Decode a text of SQLite. Text that is not UTF-8 stays bytes, so that the cell rules can reject it."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data


def _engine_url(url: Url) -> URL:
    """Return the URL for SQLAlchemy, with our driver for PostgreSQL; several hosts become query parameters."""
    query: dict[str, tuple[str, ...]] = {}
    for name, value in url.parameters:
        if name not in _OWN_PARAMETERS:
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
