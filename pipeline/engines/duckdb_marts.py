"""Publishes a run's marts on DuckDB, in the file `published.duckdb`, which a rename replaces.

So readers and runs never lock each other, and a reader with the file open keeps the old content. DuckDB 1.4 and its BI
drivers can read the file's format.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from pipeline.common.scratch_database import quoted, quoted_text, read_parquet
from pipeline.contracts.contract import ExportContract
from pipeline.contracts.mart_descriptions import MartDescription, described, mart_descriptions
from pipeline.engines import NOBODY, TENANT, AnyMart, HeldBack, OrganizationRows, PartedMart
from pipeline.storage.local_files import naming, put_in_place, whole_file

PUBLISHED_FILE: Final = "published.duckdb"
MARTS: Final = "marts"
_READABLE_BY: Final = "v1.4.0"


def publish_marts(
    build: duckdb.DuckDBPyConnection,
    published: Path,
    contracts: Sequence[ExportContract],
    held_back: HeldBack,
    written: Sequence[AnyMart] = (),
) -> None:
    """Write the marts of `build` into a new `published` file; rows that are held back stay as published before."""
    with whole_file(published) as draft:
        keeps = bool(held_back) and published.exists()
        if keeps:
            build.execute(f"attach {quoted_text(str(published))} as before (read_only)")
        try:
            write_draft(build, draft, contracts, held_back)
        finally:
            if keeps:
                build.execute("detach before")
        _write_into(build, draft, written)


def write_draft(
    build: duckdb.DuckDBPyConnection, draft: Path, contracts: Sequence[ExportContract], held_back: HeldBack = NOBODY
) -> None:
    """Write the marts of `build` into a new file; rows that are held back come from the attached database `before`."""
    promised = {contract.name: contract for contract in contracts}
    descriptions = mart_descriptions(contracts)
    build.execute(f"attach {quoted_text(str(draft))} as published (storage_version '{_READABLE_BY}')")
    try:
        build.execute(f"create schema published.{MARTS}")
        for name in _marts(build):
            rows = _rows(build, name, promised.get(name), held_back)
            build.execute(f"create table published.{MARTS}.{quoted(name)} as {rows}")
            if (description := descriptions.get(name)) is not None:
                _describe(build, name, description)
    finally:
        build.execute("detach published")


def publish_draft(
    build: duckdb.DuckDBPyConnection, draft: Path, published: Path, written: Sequence[AnyMart] = ()
) -> None:
    """Add these marts to a draft, and rename it to the published file."""
    _write_into(build, draft, written)
    with naming(published):
        put_in_place(draft, published)


def replace_written(published: Path, written: Sequence[AnyMart]) -> None:
    """Replace these marts in a copy of the `published` file, and the file by the copy; do nothing if there is none."""
    if not published.exists():
        return
    with whole_file(published) as draft:
        shutil.copyfile(published, draft)
        with duckdb.connect() as connection:
            _write_into(connection, draft, written)


def _write_into(connection: duckdb.DuckDBPyConnection, draft: Path, written: Sequence[AnyMart]) -> None:
    """Write marts that no model builds into a draft."""
    connection.execute(f"attach {quoted_text(str(draft))} as published")
    try:
        _write(connection, written)
    finally:
        connection.execute("detach published")


def rewrite_marts(published: Path, change: Callable[[str, pa.Table], pa.Table]) -> list[str]:
    """Write a new file with what `change` returns for the name and rows of each mart; return the changed names.

    Changing the file in place would leave old content in its free blocks.
    """
    changed: list[str] = []
    if not published.exists():
        return changed
    with whole_file(published) as scratch, duckdb.connect() as connection:
        connection.execute(f"attach {quoted_text(str(published))} as before (read_only)")
        connection.execute(f"attach {quoted_text(str(scratch))} as published (storage_version '{_READABLE_BY}')")
        connection.execute(f"create schema published.{MARTS}")
        for name in _marts(connection, "'before'"):
            table = f"{MARTS}.{quoted(name)}"
            rows = connection.sql(f"from before.{table}").to_arrow_table()
            new = change(name, rows)
            changed += [name] if new is not rows else []
            connection.register("new_rows", new)
            connection.execute(f"create table published.{table} as from before.{table} limit 0")
            connection.execute(f"insert into published.{table} by name from new_rows")
            connection.unregister("new_rows")
            _copy_comments(connection, name)
        connection.execute("detach before; detach published")
    return changed


def _copy_comments(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Copy the comments of a mart to its rewritten table."""
    table = f"published.{MARTS}.{quoted(name)}"
    where = f"database_name = 'before' and schema_name = '{MARTS}' and table_name = {quoted_text(name)}"
    (text,) = connection.execute(f"select comment from duckdb_tables() where {where}").fetchall()[0]
    columns = connection.execute(f"select column_name, comment from duckdb_columns() where {where}").fetchall()
    comments = [(f"table {table}", text), *((f"column {table}.{quoted(column)}", own) for column, own in columns)]
    for target, comment in comments:
        if comment:
            connection.execute(f"comment on {target} is {quoted_text(comment)}")


def _write(connection: duckdb.DuckDBPyConnection, written: Sequence[AnyMart]) -> None:
    """Write marts that no model builds."""
    for mart in written:
        if isinstance(mart, OrganizationRows):
            _replace_rows(connection, mart)
            continue
        table = f"published.{MARTS}.{quoted(mart.contract.name)}"
        rows = mart.contract.mart_schema.empty_table() if isinstance(mart, PartedMart) else mart.rows
        connection.register("written_rows", rows)
        connection.execute(f"create or replace table {table} as from written_rows")
        connection.unregister("written_rows")
        if isinstance(mart, PartedMart) and mart.parts:
            parts = read_parquet([*mart.parts.values()], "union_by_name = true")
            connection.execute(f"insert into {table} by name from {parts}")
        _describe(connection, mart.contract.name, described(mart.contract))


def _replace_rows(connection: duckdb.DuckDBPyConnection, mart: OrganizationRows) -> None:
    """Replace an organization's rows of a mart, if it exists."""
    if mart.contract.name not in _marts(connection, "'published'"):
        return
    table = f"published.{MARTS}.{quoted(mart.contract.name)}"
    where = "" if mart.organization_id is None else f" where {TENANT} = {mart.organization_id}"
    connection.execute(f"delete from {table}{where}")
    connection.register("drop_rows", mart.rows)
    connection.execute(f"insert into {table} by name from drop_rows")
    connection.unregister("drop_rows")


def _marts(build: duckdb.DuckDBPyConnection, database: str = "current_database()") -> list[str]:
    found = build.execute(
        f"select table_name from duckdb_tables() where schema_name = '{MARTS}' and database_name = {database} "
        "order by table_name"
    ).fetchall()
    return [name for (name,) in found]


def _rows(build: duckdb.DuckDBPyConnection, name: str, contract: ExportContract | None, held_back: HeldBack) -> str:
    """Return the query for a mart's rows: the built ones, and the published ones that are held back."""
    built, before = f"{MARTS}.{quoted(name)}", f"before.{MARTS}.{quoted(name)}"
    was_published = name in _marts(build, "'before'")
    if held_back.keeps_whole(contract):
        return f"from {before}" if was_published else f"from {built} limit 0"
    columns = {column for column, *_ in build.execute(f"describe {built}").fetchall()}
    if not held_back.organizations or TENANT not in columns:
        return f"from {built}"
    rows = f"select * from {built} where {TENANT} not in ({held_back.listed})"
    if was_published:
        rows += f" union all by name select * from {before} where {TENANT} in ({held_back.listed})"
    return rows


def _describe(build: duckdb.DuckDBPyConnection, name: str, description: MartDescription) -> None:
    """Set the descriptions of a mart and its columns as comments."""
    table = f"published.{MARTS}.{quoted(name)}"
    present = {column for column, *_ in build.execute(f"describe {table}").fetchall()}
    comments = [f"comment on table {table} is {quoted_text(description.text)}"]
    comments += [
        f"comment on column {table}.{quoted(column)} is {quoted_text(text)}"
        for column, text in description.columns.items()
        if text and column in present
    ]
    build.execute("; ".join(comments))
