"""Compares two drops of one organization: rows and cells by export, totals of money, changed accounts by name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.common.errors import WarehouseError
from pipeline.common.scratch_database import create_view, scratch_connection
from pipeline.drops.account_changes import UNKNOWN, account_changes
from pipeline.drops.aligned_rows import RowChanges
from pipeline.drops.find_drop import OpenDrop
from pipeline.drops.personal_data import treated_differently
from pipeline.drops.row_changes import compare_rows
from pipeline.guards.drop_figures import DropFiles

MONEY: Final = {
    "account_revenue_by_year": "revenue",
    "estimates": "price_used",
    "at_risk_accounts": "estimate_value",
    "account_core": "revenue",
}
"""The column of these exports whose money is summed, in US dollars."""


@dataclass(frozen=True)
class ExportDiff:
    """The numbers of rows added, changed and removed in an export, and of changed cells by column."""

    export: str
    before: int
    now: int
    added: int
    changed: int
    removed: int
    cells: dict[str, int]


@dataclass(frozen=True)
class MovedAccount:
    """One change of an account, with its name; `before` and `after` are texts."""

    account_id: int
    name: str | None
    change: str
    before: str | None
    after: str | None
    detail: str


@dataclass(frozen=True)
class DropDiff:
    """How a drop differs from an earlier one; `money` holds each total before and now, in US dollars."""

    before: str
    now: str
    exports: tuple[ExportDiff, ...]
    money: dict[str, tuple[Decimal, Decimal]]
    accounts: tuple[MovedAccount, ...]
    not_compared: tuple[str, ...] = ()
    """Exports whose personal columns are treated differently in the two drops and therefore not compared."""

    @property
    def is_empty(self) -> bool:
        """Whether the drops hold the same rows."""
        return not any(export.added or export.changed or export.removed for export in self.exports)

    def as_dict(self) -> dict[str, Any]:
        """Return the difference as plain JSON; money is text, so that no cent is lost."""
        return {
            "before": self.before,
            "now": self.now,
            "exports": [vars(export) for export in self.exports],
            "money": {name: {"before": str(was), "now": str(now)} for name, (was, now) in self.money.items()},
            "accounts": [vars(account) for account in self.accounts],
            **({"personal_data_apart": list(self.not_compared)} if self.not_compared else {}),
        }


def diff_drops(before: OpenDrop, now: OpenDrop, export: str | None = None) -> DropDiff:
    """Compare two drops of one organization, all exports or one.

    WarehouseError if they are of two organizations, or have no such export.
    """
    if before.organization_id != now.organization_id:
        raise WarehouseError(
            f"is of organization {now.organization_id}, and the other of organization {before.organization_id}",
            where=now.place.address,
            remedy="name two drops of one organization",
        )
    contracts = {**before.contracts, **now.contracts}
    if export is not None and export not in contracts:
        raise WarehouseError(
            f"neither drop has an export {export!r}",
            where="--export",
            remedy=f"choose one of: {', '.join(sorted(contracts))}",
        )
    chosen = sorted(contracts) if export is None else [export]
    not_compared = treated_differently(before.manifest, now.manifest) & set(chosen)
    exports = []
    for name in chosen:
        was, is_now = (drop.files.parquet.get(name) for drop in (before, now))
        changes = compare_rows(contracts[name], was, is_now, with_personal=name not in not_compared)
        exports.append(export_diff(changes, was, is_now))
    moved: tuple[MovedAccount, ...] = ()
    if export is None:
        changes = account_changes(now.organization_id, now.files, before.files)
        moved = moved_accounts(changes, before.files, now.files)
    money = money_totals(chosen, before.files, now.files)
    return DropDiff(before.place.name, now.place.name, tuple(exports), money, moved, tuple(sorted(not_compared)))


def export_diff(changes: RowChanges, before: Path | None, now: Path | None) -> ExportDiff:
    """Count an export's changes between two Parquet files; None means no rows."""
    rows = [0 if path is None else pq.read_metadata(path).num_rows for path in (before, now)]
    return ExportDiff(
        changes.export,
        before=rows[0],
        now=rows[1],
        added=changes.added.num_rows,
        changed=changes.changed.num_rows,
        removed=changes.removed.num_rows,
        cells=dict(changes.columns),
    )


def money_totals(exports: Collection[str], before: DropFiles, now: DropFiles) -> dict[str, tuple[Decimal, Decimal]]:
    """Sum the money of exports that have some, before and now, by `export.column`."""
    with closing(scratch_connection()) as connection:
        return {
            f"{name}.{column}": (_total(connection, name, column, before), _total(connection, name, column, now))
            for name, column in MONEY.items()
            if name in exports
        }


def _total(connection: duckdb.DuckDBPyConnection, name: str, column: str, files: DropFiles) -> Decimal:
    path = files.parquet.get(name)
    if path is None or not pq.read_metadata(path).num_rows:  # most of these exports only have rows of the CRM's tenant
        return Decimal(0)
    create_view(connection, "rows_of_money", path, None)
    (row,) = connection.execute(
        f"select coalesce(sum(try_cast({column} as decimal(38, 2))), 0) from rows_of_money"
    ).fetchall()
    return Decimal(row[0])


def moved_accounts(changes: pa.Table, before: DropFiles, now: DropFiles) -> tuple[MovedAccount, ...]:
    """Return the rows of `account_changes` with the accounts' names, preferring the new drop's names."""
    names = {**_names(before), **_names(now)} if changes.num_rows else {}
    return tuple(
        MovedAccount(
            row["account_id"], names.get(row["account_id"]), row["change"], row["before"], row["after"], row["detail"]
        )
        for row in changes.to_pylist()
    )


def _names(files: DropFiles) -> dict[int, str | None]:
    if (path := files.parquet.get("account_core")) is None:
        return {}
    rows = pq.ParquetFile(path).read(columns=["account_id", "account_name"])
    return dict(zip(rows["account_id"].to_pylist(), rows["account_name"].to_pylist(), strict=True))


CHANGES_SHOWN: Final = 10
"""The most columns of an export, and accounts with one kind of change, that a page or a terminal lists."""


def diff_lines(diff: DropDiff) -> list[str]:
    """Format a difference for a terminal: rows, then money, then changed accounts."""
    lines = [f"{diff.before} -> {diff.now}", "", "Rows"]
    for export in diff.exports:
        change = f"{export.added:,} added, {export.changed:,} changed, {export.removed:,} removed"
        same = not (export.added or export.changed or export.removed)
        lines.append(f"  {export.export}: {export.before:,} -> {export.now:,}, {'the same' if same else change}")
        if export.cells:
            most = sorted(export.cells.items(), key=lambda item: (-item[1], item[0]))
            shown = ", ".join(f"{name} {count:,}" for name, count in most[:CHANGES_SHOWN])
            more = f" and {len(most) - CHANGES_SHOWN} more columns" if len(most) > CHANGES_SHOWN else ""
            lines.append(f"    changed cells: {shown}{more}")
    if diff.not_compared:
        lines += [
            "",
            "Personal columns of these exports are not compared, because the two drops treat them differently: "
            + ", ".join(diff.not_compared),
        ]
    if diff.money:
        lines += ["", "Money"]
        lines += [
            f"  {name}: ${was:,.2f} -> ${now:,.2f}{'' if was == now else f' ({now - was:+,.2f})'}"
            for name, (was, now) in diff.money.items()
        ]
    return lines + _account_lines(diff.accounts)


def _account_lines(accounts: Sequence[MovedAccount]) -> list[str]:
    if not accounts:
        return []
    lines = ["", "Accounts"]
    for change in dict.fromkeys(sorted(account.change for account in accounts)):
        moved = [account for account in accounts if account.change == change]
        lines.append(f"  {change}: {len(moved):,}")
        for account in moved[:CHANGES_SHOWN]:
            values = f"{account.before or 'nothing'} -> {account.after or 'nothing'}"
            detail = f" ({account.detail})" if account.detail not in ("", UNKNOWN) else ""
            lines.append(f"    {account.account_id} {account.name or 'without a name'}: {values}{detail}")
        if len(moved) > CHANGES_SHOWN:
            lines.append(f"    and {len(moved) - CHANGES_SHOWN:,} more")
    return lines
