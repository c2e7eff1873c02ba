"""The PostgreSQL server of a run, and connections to it: the one in `WAREHOUSE_POSTGRES_URL`, or an embedded one.

`embedded_postgres.py` creates and starts the embedded one in the state folder; `postgres.py` uses the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import psycopg
from adbc_driver_postgresql import dbapi
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pipeline.common.errors import WarehouseError
from pipeline.engines.embedded_postgres import open_embedded
from pipeline.settings import Settings
from pipeline.storage.urls import Url, parse_url

_VARIABLE: Final = "WAREHOUSE_POSTGRES_URL"
_FORM: Final = "postgresql://user:password@host:5432/database"

OLDEST_VERSION: Final = 15

CASE_COLLATIONS: Final = ("pg_c_utf8", "und-x-icu", "C.utf8", "C.UTF-8")
"""The collations with the same lower case as DuckDB for every character, best first: PostgreSQL's own (version 17 and
later), ICU's, and the C library's. (Only the first knows the 27 letters that Unicode added in 2024.)
"""

_SESSION: Final = {
    "TimeZone": "UTC",
    "DateStyle": "ISO",  # overrides settings of the role or the database
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "work_mem": "256MB",  # enough for the sorts of the window functions over messages, two at a time
    "jit": "off",  # compiling costs more for dbt's many short statements than it saves for the few long ones
}


class PostgresServer:
    """A server to connect to. Only `conninfo` has the password, and is never shown: messages use `where`."""

    def __init__(self, conninfo: str, url: Url | None = None) -> None:
        self.conninfo = conninfo
        self._url = url
        self.where = url.shown if url else "the embedded PostgreSQL"

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """Open a connection for statements, in its own transaction."""
        try:
            connection = psycopg.connect(make_conninfo(self.conninfo, options=self._options()))
        except psycopg.OperationalError as error:
            raise self._unreachable(error) from None
        return connection

    def connect_arrow(self) -> dbapi.Connection:
        """Open a connection that moves Arrow tables in and out, in its own transaction."""
        try:
            return dbapi.connect(make_conninfo(self.conninfo, options=self._options()))
        except dbapi.Error as error:
            raise self._unreachable(error) from None

    def dbt_environment(self) -> Mapping[str, str]:
        """Return the variables for dbt's profile, and libpq's for what the profile lacks (certificates, options)."""
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
        """Return the collation by which the models lower-case; WarehouseError if the server has none."""
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
            "the server has no collation that converts every letter to lower case",
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
    """Return the configured server after checking it, or start the embedded one."""
    if settings.postgres_url is not None:
        server = _named(settings.postgres_url.get_secret_value())
        server.check()
        return server
    return PostgresServer(open_embedded(settings.state / "postgres"))


def _named(text: str) -> PostgresServer:
    """Return the server of a URL; WarehouseError, which does not quote the URL, if it is not one of PostgreSQL."""
    if not text.startswith(("postgresql://", "postgres://")):
        raise WarehouseError("is not a PostgreSQL URL", where=_VARIABLE, remedy=f"write it as {_FORM}")
    url = parse_url(text, where=_VARIABLE, form=_FORM)
    parts = {"host": url.host.replace("[", "").replace("]", ""), "port": url.port, "user": url.user}
    parts |= {"password": url.password, "dbname": url.database, **dict(url.parameters)}
    try:
        return PostgresServer(make_conninfo(**{name: value for name, value in parts.items() if value}), url)
    except psycopg.Error:  # its message quotes parameters
        raise WarehouseError(
            "the URL has a parameter that PostgreSQL doesn't know", where=_VARIABLE, remedy=f"write it as {_FORM}"
        ) from None
