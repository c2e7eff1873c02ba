"""Explains what changed for an account since the previous drop, and which rows caused it.

The values are those of the two drops. The rows are the account's rows in the other exports that were added, changed or
removed, and, for each changed column, the new or changed rows of its evidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

import duckdb

from pipeline.common.errors import WarehouseError
from pipeline.common.scratch_database import quoted, read_parquet, scratch_connection
from pipeline.contracts.contract import ExportContract
from pipeline.drops.catalog import read_manifest
from pipeline.drops.find_drop import OpenDrop, find_drop, open_drop
from pipeline.drops.row_changes import DROP_COLUMNS
from pipeline.explain.evidence import Evidence
from pipeline.explain.explanation import TABLES, ExplainedColumn, choose_columns, explain_columns
from pipeline.explain.identity import Identity, find_account
from pipeline.explain.queries import Queries, Row, open_queries
from pipeline.settings import Settings

_KEY_OF: Final = {"accounts": "id"}
"""The column that names the account, if it is not account_id."""
_ESTIMATES: Final = "estimates"
_POSITION: Final = ("source_rank", "source_row")
"""The position of a row in its file, which changes when another row is removed."""


@dataclass(frozen=True)
class CausingRows:
    """The rows of a piece of evidence that are new or changed since the previous drop."""

    evidence: Evidence
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class ChangedColumn:
    """A column whose value differs from the previous drop; `source` is that of its contract."""

    table: str
    name: str
    source: str | None
    before: Any
    now: Any
    causes: tuple[CausingRows, ...] = ()


@dataclass(frozen=True)
class ChangedRow:
    """A row of another export that was added, changed or removed.

    `row` is the complete new row or, if it was removed, the old one; `cells` are the old and new values in a changed
    row.
    """

    export: str
    kind: Literal["added", "changed", "removed"]
    key: Row
    row: Row
    cells: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class AccountChanges:
    """The changes of an account between two drops, named by their folders."""

    account: Identity
    before: str
    now: str
    columns: tuple[ChangedColumn, ...]
    rows: tuple[ChangedRow, ...]


def explain_changes(
    settings: Settings, identifier: str, column: str | None = None, organization: int | None = None
) -> AccountChanges:
    """Compare an account, or one column of it, in the latest drop of its organization with the previous drop.

    WarehouseError for an unknown account or column, or if there is no previous drop.
    """
    with open_queries(settings) as queries:
        chosen = choose_columns(column, queries.manifest)
        account = find_account(queries.identities(), identifier, organization)
        latest = find_drop(f"{account.organization_id}/latest", settings)
        with open_drop(latest) as now, _opened_before(now) as before:
            rows = tuple(_changed_rows(before, now, account))
            columns = [
                changed
                for changed in _changed_columns(before, now, account)
                if any(changed.name == contract.name for contract in chosen.get(changed.table, ()))
            ]
            causes = _causes(queries, account, columns, rows, before.files.as_of)
        explained = tuple(replace(one, causes=causes.get((one.table, one.name), ())) for one in columns)
        return AccountChanges(account, before.place.name, now.place.name, explained, rows)


def _opened_before(now: OpenDrop) -> AbstractContextManager[OpenDrop]:
    """Open the previous drop, which the changes of this one are relative to."""
    against = (now.manifest.get("changes") or {}).get("against")
    place = None if against is None else now.place.parent().child(against)
    if place is None or read_manifest(place) is None:
        raise WarehouseError(
            "there is no previous drop to compare with",
            where=now.place.address,
            remedy="explain the values without --changes",
        )
    return open_drop(place)


def _rows_of(connection: duckdb.DuckDBPyConnection, drop: OpenDrop, export: str, account: Identity) -> dict[Any, Row]:
    """Return the account's rows of an export by their primary key."""
    path, contract = drop.files.parquet.get(export), drop.contracts.get(export)
    column = _account_column(contract)
    if path is None or contract is None or column is None:
        return {}
    wanted = account.account_id if contract.column(column).data_type == "bigint" else account.crm_account_id
    query = f"select * from {read_parquet([path])} where {quoted(column)} = $wanted"
    rows = connection.sql(query, params={"wanted": wanted}).to_arrow_table().to_pylist()
    return {tuple(row[name] for name in contract.primary_key): row for row in rows}


def _account_column(contract: ExportContract | None) -> str | None:
    """Return the column of an export that names the account of a row."""
    if contract is None:
        return None
    column = _KEY_OF.get(contract.name, "account_id")
    return column if any(known.name == column for known in contract.exported_columns) else None


def _differing(before: Row, now: Row) -> dict[str, tuple[Any, Any]]:
    names = [name for name in now if name not in (*DROP_COLUMNS, *_POSITION)]
    return {name: (before.get(name), now[name]) for name in names if before.get(name) != now[name]}


def _changed_columns(before: OpenDrop, now: OpenDrop, account: Identity) -> Iterator[ChangedColumn]:
    """Compare the account's row in each of the three tables; a row in only one of the drops is skipped."""
    with closing(scratch_connection()) as connection:
        for table in TABLES:
            was, is_now = (_rows_of(connection, drop, table, account) for drop in (before, now))
            for key in was.keys() & is_now.keys():
                sources = {column.name: column.source for column in now.contracts[table].columns}
                for name, (old, new) in _differing(was[key], is_now[key]).items():
                    yield ChangedColumn(table, name, sources[name], old, new)


def _changed_rows(before: OpenDrop, now: OpenDrop, account: Identity) -> Iterator[ChangedRow]:
    """Compare the account's rows of every other export."""
    with closing(scratch_connection()) as connection:
        for export, contract in now.contracts.items():
            if export in TABLES:
                continue
            was, is_now = (_rows_of(connection, drop, export, account) for drop in (before, now))
            for key in sorted(was.keys() | is_now.keys(), key=str):
                named = dict(zip(contract.primary_key, key, strict=True))
                if key not in was:
                    yield ChangedRow(export, "added", named, is_now[key])
                elif key not in is_now:
                    yield ChangedRow(export, "removed", named, was[key])
                elif cells := _differing(was[key], is_now[key]):
                    yield ChangedRow(export, "changed", named, is_now[key], cells)


def _causes(
    queries: Queries,
    account: Identity,
    columns: Sequence[ChangedColumn],
    rows: Sequence[ChangedRow],
    since: datetime,
) -> dict[tuple[str, str], tuple[CausingRows, ...]]:
    """Select the rows of each changed column's evidence that have a later date, or belong to a changed estimate."""
    if not columns:
        return {}
    names = {(column.table, column.name) for column in columns}
    chosen = {
        table: [contract for contract in contracts if (table, contract.name) in names]
        for table, contracts in choose_columns(None, queries.manifest).items()
    }
    explained = explain_columns(queries, account, chosen, is_story=True).columns
    names_of_estimates = {
        changed.row[name] for changed in rows if changed.export == _ESTIMATES for name in ("id", "estimate_number")
    } - {None}
    return {(column.table, column.name): tuple(_causing(column, names_of_estimates, since)) for column in explained}


def _causing(column: ExplainedColumn, names_of_estimates: set[Any], since: datetime) -> Iterator[CausingRows]:
    for piece in column.evidence:
        found = tuple(
            row
            for row in piece.rows
            if names_of_estimates & {row.get("estimate_id"), row.get("estimate_number")}
            or any(_is_later(value, since) for value in row.values())
        )
        if found:
            yield CausingRows(piece.evidence, found)


def _is_later(value: Any, since: datetime) -> bool:
    if not isinstance(value, datetime):
        return False
    return (value if value.tzinfo else value.replace(tzinfo=UTC)) > since
