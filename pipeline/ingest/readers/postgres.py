"""PostgreSQL specifics: session settings, locks on tables while they are read, and remedies for errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import DOMAIN

POSTGRES_SETTINGS: Final = (
    "set local synchronize_seqscans = off",  # the same order of rows every time
    "set local time zone 'UTC'",
    "set local datestyle = 'ISO, YMD'",
    "set local intervalstyle = 'postgres'",
    "set local bytea_output = 'hex'",
    "set local lc_monetary = 'C'",  # money as $1,234.56
    "set local extra_float_digits = 1",  # the shortest text that gives the same double
    "set local statement_timeout = 0",  # a role's timeout is meant for interactive queries
    "set local idle_in_transaction_session_timeout = 0",
    "set local lock_timeout = '5min'",  # another program may be altering the table
)
"""The settings that determine how values are written, and timeouts.

The search path is left alone, because it determines the schema if the URL names none.
"""

_NOT_ALLOWED: Final = frozenset({"42501", "42809"})
"""The role may only read some columns; or the view is of a kind that can't be locked."""
_ALTERED: Final = "run again when the other program that altered or dropped the table is done"
_STOPPED: Final = "run again when the server is running"
_REMEDIES: Final[Mapping[str, str]] = {
    "40001": "run again; if it happens often, read from the primary, or let the standby wait for its readers "
    "(hot_standby_feedback = on, or a higher max_standby_streaming_delay)",
    "40P01": "run again",
    "42P01": _ALTERED,
    "42703": _ALTERED,
    "55P03": _ALTERED,
    "57014": "run again; find out who cancels it",
    "57P01": _STOPPED,
    "57P02": _STOPPED,
    "57P03": _STOPPED,
}
"""By SQLSTATE, because messages may be in any language. 40001 is a conflict of a standby with its recovery."""


def lock_tables(connection: sa.Connection, schema: str | None, names: Iterable[str]) -> None:
    """Lock tables and views against being altered, truncated or dropped until the transaction ends, as pg_dump does.

    A table that is truncated or rewritten in the meantime has no rows in an older snapshot, without any error. So no
    query, which would take the snapshot, may run before the locks.
    """
    for name in names:
        place = connection.dialect.identifier_preparer.format_table(sa.table(name, schema=schema))
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(f"lock table {place} in access share mode")
        except sa.exc.DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _NOT_ALLOWED:
                raise


def underlying_type(kind: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    """Return the type of a column's values; for a domain, its underlying type."""
    while isinstance(kind, DOMAIN):
        kind = kind.data_type
    return kind


def remedy_of(error: BaseException) -> str | None:
    """Return what to do about an error of the server, or None if it is unknown."""
    return _REMEDIES.get(getattr(getattr(error, "orig", None) or error, "sqlstate", None) or "")
