"""Seals what was built in PostgreSQL: triggers remove the stamp of the build when a row is changed in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import psycopg
from psycopg import sql

TRIGGER: Final = "warehouse_seal"

# security definer: the role that changes a row need not own the schema whose comment is the stamp
_FUNCTION: Final = """
create or replace function {function}() returns trigger language plpgsql security definer as $break$
begin
    comment on schema {schema} is null;
    return null;
end
$break$
"""


def seal_tables(connection: psycopg.Connection[Any], schemas: Sequence[str], stamped: str) -> None:
    """Add triggers with which every change of a row in these schemas removes the stamp, the comment of `stamped`.

    A recreated table has no trigger, but its new identity changes the mark. Tables of other owners are left alone.
    """
    function = sql.Identifier(stamped, "break_stamp")
    connection.execute(sql.SQL(_FUNCTION).format(function=function, schema=sql.Identifier(stamped)))
    tables = connection.execute(
        "select nspname, relname from pg_class join pg_namespace on pg_namespace.oid = relnamespace"
        " where nspname = any(%s) and relkind = 'r' and pg_get_userbyid(relowner) = current_user and not exists"
        " (select from pg_trigger where tgrelid = pg_class.oid and tgname = %s) order by 1, 2",
        (list(schemas), TRIGGER),
    ).fetchall()
    sealed = [
        sql.SQL(
            "create trigger {} after insert or update or delete or truncate on {} for each statement"
            " execute function {}()"
        ).format(sql.Identifier(TRIGGER), sql.Identifier(schema, table), function)
        for schema, table in tables
    ]
    if sealed:
        connection.execute(sql.SQL("; ").join(sealed))
    connection.commit()
