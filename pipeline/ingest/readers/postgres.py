"""PostgreSQL specifics: settings, locks on tables while they are read, and remedies for errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import DOMAIN

POSTGRES_SETTINGS: Final = (
    "set local synchronize_seqscans = off",  # the same order every time
    "set local time zone 'UTC'",
    "set local datestyle = 'ISO, YMD'",
    "set local intervalstyle = 'postgres'",
    "set local bytea_output = 'hex'",
    "set local lc_monetary = 'C'",  # money as $1,234.56
    "set local extra_float_digits = 1",  # the shortest text that is the same double
    "set local statement_timeout = 0",  # a role's is meant for people's questions
    "set local idle_in_transaction_session_timeout = 0",
    "set local lock_timeout = '5min'",  # someone alters the table
)
"""What decides how it writes its values. The search path stays: it says which schema a URL means that names none."""

_NOT_ALLOWED: Final = frozenset({"42501", "42809"})
"""The role may read some columns alone; the view is of a kind that can't be locked."""
_ALTERED: Final = "another program altered or dropped the table meanwhile: run again when it is done"
_STOPPED: Final = "run again when the server is up"
_REMEDIES: Final[Mapping[str, str]] = {
    "40001": "run again; where it happens often, read from the primary, or have the standby wait for its readers "
    "(hot_standby_feedback = on, or a greater max_standby_streaming_delay)",
    "40P01": "run again",
    "42P01": _ALTERED,
    "42703": _ALTERED,
    "55P03": _ALTERED,
    "57014": "run again; find out who cancels it",
    "57P01": _STOPPED,
    "57P02": _STOPPED,
    "57P03": _STOPPED,
}
"""By SQLSTATE, since a server's messages may be in any language; 40001 is a standby's conflict with its recovery."""


def lock_tables(connection: sa.Connection, schema: str | None, names: Iterable[str]) -> None:
    """Keep tables and views from being altered, emptied or dropped until the transaction ends, as pg_dump does.

    A table that is emptied or written again meanwhile (truncate, alter) has no rows for an older snapshot, and nothing
    says so. So nothing may be asked before, which would take the snapshot.
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
    """Return the type of a column's values: that of its domain, where it has one."""
    while isinstance(kind, DOMAIN):
        kind = kind.data_type
    return kind


def remedy_of(error: BaseException) -> str | None:
    """Return what to do about an error of the server's, None if it is none that is known."""
    return _REMEDIES.get(getattr(getattr(error, "orig", None) or error, "sqlstate", None) or "")
