"""Publishes a run's marts on PostgreSQL: from the schema `marts_build`, which a run fills, to `marts`.

The tables of `marts` stay and their rows are replaced in one transaction. So a reader never waits and never sees
partial data, several queries in one `repeatable read` transaction see one run, and views and grants on the tables
survive. (Renaming schemas or truncating is faster, but a transaction that started before then finds the tables empty.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from psycopg import sql

from pipeline.common.errors import WarehouseError
from pipeline.contracts.contract import CRM_TENANT, ContractColumn, ExportContract
from pipeline.contracts.mart_descriptions import MartDescription, described, mart_descriptions
from pipeline.engines import NOBODY, TENANT, AnyMart, HeldBack, OrganizationRows, PartedMart

BUILD_SCHEMA: Final = "marts_build"
MARTS_SCHEMA: Final = "marts"


@dataclass(frozen=True)
class _Mart:
    """A table: the name and type of each of its `columns`, and whether it is required; no `key` without a contract."""

    name: str
    columns: tuple[tuple[str, str, bool], ...]
    key: tuple[str, ...] = ()


def publish_marts(
    connection: psycopg.Connection[Any],
    contracts: Sequence[ExportContract],
    held_back: HeldBack = NOBODY,
    written: Sequence[AnyMart] = (),
) -> None:
    """Replace the rows of every mart by the built rows; WarehouseError, with nothing changed, if that fails.

    Rows that are held back stay.
    """
    promised = {contract.name: contract for contract in contracts}
    descriptions = mart_descriptions(contracts)
    with connection.transaction():
        if not connection.execute("select 1 from pg_namespace where nspname = %s", (MARTS_SCHEMA,)).fetchone():
            connection.execute(sql.SQL("create schema {}").format(sql.Identifier(MARTS_SCHEMA)))
        built = _tables(connection, BUILD_SCHEMA)
        present = _tables(connection, MARTS_SCHEMA)
        for name, mart in built.items():
            wanted = _as_published(mart, promised.get(name))
            if name not in present or present[name].columns != wanted.columns:
                _recreate(connection, wanted)
            if not held_back.keeps_whole(promised.get(name)):
                _fill(connection, wanted, held_back)
            if (description := descriptions.get(name)) is not None:
                _describe(connection, name, description)
        for extra in written:
            _write(connection, extra, present)
        for name in present.keys() - built.keys() - {extra.contract.name for extra in written}:
            _drop(connection, name)
    for name in built:
        connection.execute(sql.SQL("analyze {}").format(sql.Identifier(MARTS_SCHEMA, name)))
    connection.commit()


def replace_written(connection: psycopg.Connection[Any], written: Sequence[AnyMart]) -> None:
    """Replace the rows of these marts, if marts are published."""
    with connection.transaction():
        if present := _tables(connection, MARTS_SCHEMA):
            for mart in written:
                _write(connection, mart, present)


def rewrite_marts(connection: psycopg.Connection[Any], change: Callable[[str, pa.Table], pa.Table]) -> list[str]:
    """Update each mart to what `change` returns for its name and rows; return the names of changed marts.

    Changed tables are then rewritten by VACUUM FULL, because PostgreSQL keeps old versions of rows until then.
    """
    changed = []
    with connection.transaction():
        for name, mart in _tables(connection, MARTS_SCHEMA).items():
            if _rewrite(connection, mart, change):
                changed.append(name)
    connection.commit()
    connection.autocommit = True  # VACUUM requires it
    for name in changed:
        connection.execute(sql.SQL("vacuum full {}").format(sql.Identifier(MARTS_SCHEMA, name)))
    return changed


def _rewrite(connection: psycopg.Connection[Any], mart: _Mart, change: Callable[[str, pa.Table], pa.Table]) -> bool:
    """Update the texts and whole numbers of a mart's changed rows; return whether there are any."""
    table = sql.Identifier(MARTS_SCHEMA, mart.name)
    columns = [column for column in mart.columns if column[1].startswith(("character", "text", "jsonb", "bigint"))]
    read: list[sql.Composable] = [sql.SQL("ctid::text")]
    fields = []
    for name, kind, is_required in columns:
        read.append(sql.SQL("{}" if kind == "bigint" else "{}::text").format(sql.Identifier(name)))
        fields.append(pa.field(name, pa.int64() if kind == "bigint" else pa.string(), nullable=not is_required))
    found = connection.execute(sql.SQL("select {} from {}").format(sql.SQL(", ").join(read), table)).fetchall()
    names = [name for name, _, _ in columns]
    rows = pa.Table.from_pylist([dict(zip(names, row[1:], strict=True)) for row in found], pa.schema(fields))
    new = change(mart.name, rows)
    if new is rows:
        return False
    sets = [sql.SQL("{} = %s::{}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind, _ in columns]
    update = sql.SQL("update {} set {} where ctid = %s::tid").format(table, sql.SQL(", ").join(sets))
    for before, after, (place, *_) in zip(rows.to_pylist(), new.to_pylist(), found, strict=True):
        if before != after:
            connection.execute(update, [*after.values(), place])
    return True


def _replace_rows(connection: psycopg.Connection[Any], mart: OrganizationRows, present: Mapping[str, _Mart]) -> None:
    """Replace an organization's rows of a mart, if it exists."""
    if mart.contract.name not in present:
        return
    gone = sql.SQL("delete from {}").format(sql.Identifier(MARTS_SCHEMA, mart.contract.name))
    if mart.organization_id is not None:
        gone += sql.SQL(" where {} = {}").format(sql.Identifier(TENANT), sql.Literal(mart.organization_id))
    connection.execute(gone)
    columns = [name for name, _, _ in present[mart.contract.name].columns]
    _copy(connection, mart.contract.name, columns, mart.rows)


def _write(connection: psycopg.Connection[Any], written: AnyMart, present: Mapping[str, _Mart]) -> None:
    """Write rows of a mart that no model of this run built, with the descriptions of its columns."""
    if isinstance(written, OrganizationRows):
        _replace_rows(connection, written, present)
        return
    contract = written.contract
    columns = tuple((column.name, _type_of(column), not column.nullable) for column in contract.columns)
    is_parted = isinstance(written, PartedMart)
    mart = _Mart(contract.name, columns, (contract.tenant, *contract.primary_key) if is_parted else ())
    there = present.get(contract.name)
    # a table with the same columns stays, with its types, grants and views
    if there is None or [name for name, _, _ in there.columns] != [name for name, _, _ in columns]:
        _recreate(connection, mart)
    _describe(connection, mart.name, described(contract))
    if isinstance(written, PartedMart):
        _write_parts(connection, written, [name for name, _, _ in columns])
    else:
        connection.execute(sql.SQL("delete from {}").format(sql.Identifier(MARTS_SCHEMA, mart.name)))
        _copy(connection, mart.name, [name for name, _, _ in columns], written.rows)


def _write_parts(connection: psycopg.Connection[Any], written: PartedMart, columns: Sequence[str]) -> None:
    """Remove obsolete parts of a mart, and copy missing ones."""
    table = sql.Identifier(MARTS_SCHEMA, written.contract.name)
    there = connection.execute(sql.SQL("select distinct {}, drop_name from {}").format(sql.Identifier(TENANT), table))
    kept = set[tuple[int, str]]()
    for part in there.fetchall():
        if part in written.parts and not written.is_rewritten:
            kept.add(part)
        else:
            gone = sql.SQL("delete from {} where {} = %s and drop_name = %s").format(table, sql.Identifier(TENANT))
            connection.execute(gone, part)
    for part in written.parts.keys() - kept:
        _copy(connection, written.contract.name, columns, pq.read_table(written.parts[part]))


def _copy(connection: psycopg.Connection[Any], name: str, columns: Sequence[str], rows: pa.Table) -> None:
    """Append rows to a mart; missing columns are null."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    target = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(MARTS_SCHEMA, name), names)
    with connection.cursor() as cursor, cursor.copy(target) as copy:
        for row in rows.to_pylist():
            copy.write_row([row.get(column) for column in columns])


def _type_of(column: ContractColumn) -> str:
    """Return a column's type in the form of PostgreSQL's catalogue."""
    kind = "jsonb" if column.is_json else column.data_type
    return {"timestamp": "timestamp without time zone"}.get(kind, kind)


def _tables(connection: psycopg.Connection[Any], schema: str) -> dict[str, _Mart]:
    """Describe the tables of a schema that the run's role owns; tables of others are left alone."""
    rows = connection.execute(
        """
        select relname, attname, format_type(atttypid, atttypmod), attnotnull
        from pg_class
        join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
        where relnamespace = to_regnamespace(%s) and relkind = 'r' and pg_get_userbyid(relowner) = current_user
        order by relname, attnum
        """,
        (schema,),
    ).fetchall()
    found: dict[str, list[tuple[str, str, bool]]] = {}
    for table, column, kind, is_required in rows:
        found.setdefault(table, []).append((column, kind, is_required))
    return {table: _Mart(table, tuple(columns)) for table, columns in found.items()}


def _as_published(mart: _Mart, contract: ExportContract | None) -> _Mart:
    """Return a mart as it is published: JSON columns of exports are jsonb, and the key is the contract's."""
    if contract is None:
        return mart
    json = {column.name for column in contract.columns if column.is_json}
    columns = tuple((name, "jsonb" if name in json else kind, required) for name, kind, required in mart.columns)
    tenant = [contract.tenant] if contract.tenant != CRM_TENANT else []
    return _Mart(mart.name, columns, tuple(dict.fromkeys([*tenant, *contract.primary_key])))


def _recreate(connection: psycopg.Connection[Any], mart: _Mart) -> None:
    """Recreate a table with its new columns; WarehouseError if a view depends on the old table."""
    _drop(connection, mart.name)
    table = sql.Identifier(MARTS_SCHEMA, mart.name)
    definitions = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind + (" not null" if required else "")))
        for name, kind, required in mart.columns
    )
    connection.execute(sql.SQL("create table {} ({})").format(table, definitions))
    if mart.key:
        key = sql.SQL(", ").join(map(sql.Identifier, mart.key))
        connection.execute(sql.SQL("create unique index on {} ({})").format(table, key))


def _drop(connection: psycopg.Connection[Any], name: str) -> None:
    try:
        connection.execute(sql.SQL("drop table if exists {}").format(sql.Identifier(MARTS_SCHEMA, name)))
    except psycopg.errors.DependentObjectsStillExist as error:
        raise WarehouseError(
            f"the mart's columns change, but other objects depend on it: {error.diag.message_detail}",
            where=f"{MARTS_SCHEMA}.{name}",
            remedy="drop these objects, run again, and create them again",
        ) from error


def _fill(connection: psycopg.Connection[Any], mart: _Mart, held_back: HeldBack) -> None:
    target, source = sql.Identifier(MARTS_SCHEMA, mart.name), sql.Identifier(BUILD_SCHEMA, mart.name)
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _, _ in mart.columns)
    values = sql.SQL(", ").join(
        sql.SQL("cast({} as {})").format(sql.Identifier(name), sql.SQL(kind)) for name, kind, _ in mart.columns
    )
    others: sql.Composable = sql.SQL("")
    if held_back.organizations and any(name == TENANT for name, _, _ in mart.columns):
        others = sql.SQL(" where {} <> all({})").format(
            sql.Identifier(TENANT), sql.Literal(sorted(held_back.organizations))
        )
    try:
        connection.execute(sql.SQL("delete from {}").format(target) + others)
        connection.execute(
            sql.SQL("insert into {} ({}) select {} from {}").format(target, names, values, source) + others
        )
    except psycopg.Error as error:  # a full disk, or a key too long for its index
        raise WarehouseError(
            f"PostgreSQL rejects the mart's rows: {error.diag.message_primary or error}",
            where=f"{MARTS_SCHEMA}.{mart.name}",
            remedy="fix the cause and run again; until then readers see the last run's rows",
        ) from error


def _describe(connection: psycopg.Connection[Any], name: str, description: MartDescription) -> None:
    """Set the descriptions of a mart and its columns as comments, where they differ."""
    mart = sql.Identifier(MARTS_SCHEMA, name)
    rows = connection.execute(
        "select attname, col_description(attrelid, attnum) from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 and not attisdropped",
        (mart.as_string(connection),),
    ).fetchall()
    row = connection.execute("select obj_description(%s::regclass)", (mart.as_string(connection),)).fetchone()
    if row is not None and row[0] != description.text:
        connection.execute(sql.SQL("comment on table {} is {}").format(mart, sql.Literal(description.text)))
    for column, comment in rows:
        text = description.columns.get(column)
        if text and text != comment:
            place = sql.Identifier(MARTS_SCHEMA, name, column)
            connection.execute(sql.SQL("comment on column {} is {}").format(place, sql.Literal(text)))
