"""Writes a drop's `changes/`: rows added, changed and removed since the previous drop, for programs that apply them.

It contains the changed rows of every export, and the table `account_changes` as CSV and Parquet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from pipeline.common.instants import instant_text
from pipeline.contracts.changes import CHANGED_COLUMNS, account_changes_contract
from pipeline.contracts.contract import ExportContract
from pipeline.drops.account_changes import READ, DropPair, changes_of_all, require_contract
from pipeline.drops.aligned_rows import ROW, RowChanges
from pipeline.drops.csv_file import write_csv
from pipeline.drops.csv_lines import copy_lines, read_lines
from pipeline.drops.diff import DropDiff, MovedAccount, export_diff, money_totals, moved_accounts
from pipeline.drops.find_drop import OpenDrop
from pipeline.drops.parquet_file import write_parquet
from pipeline.drops.row_changes import compare_rows
from pipeline.drops.stage import CHECKSUMS, StagedDrop
from pipeline.drops.xlsx_file import write_xlsx
from pipeline.guards.drop_figures import DropFiles

CHANGES: Final = "changes"
ACCOUNT_CHANGES: Final = "account_changes"


@dataclass(frozen=True)
class ChangesFile:
    """One file of `changes/`, named relative to the drop's folder: `rows` without the header, `bytes` on disk."""

    name: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class WrittenChanges:
    """The files of `changes/`, and the drop that they are relative to."""

    against: str
    as_of: str
    files: tuple[ChangesFile, ...]
    diff: DropDiff
    """The numbers of changes, for people."""
    treatment_changed: tuple[str, ...] = ()
    """Exports whose personal columns the previous drop treats differently, which does not count as changes."""

    def as_dict(self) -> dict[str, Any]:
        """Return the manifest's description of them, with the contract of `account_changes`."""
        files = [asdict(file) for file in self.files]
        contract = account_changes_contract().as_dict()
        treatment_changed = {"personal_data_changed": list(self.treatment_changed)} if self.treatment_changed else {}
        return {"against": self.against, "as_of": self.as_of, "files": files, "contract": contract, **treatment_changed}


@dataclass(frozen=True)
class DropWithBaseline:
    """A staged drop with its Parquet files, and the published one that it is compared with."""

    drop: StagedDrop
    files: DropFiles
    before: OpenDrop


def write_changes(
    drops: Sequence[DropWithBaseline],
    contracts: Sequence[ExportContract],
    outcomes: pa.Table | None,
    *,
    xlsx: bool = False,
) -> Iterator[WrittenChanges]:
    """Write `changes/` into the folder of each staged drop, and add its checksums to the drop's.

    `outcomes` explains why an account is no longer at risk (`account_changes.OUTCOMES`); `xlsx` adds a workbook of
    `account_changes`.
    """
    with_accounts = [one for one in drops if one.files.parquet.keys() >= set(READ)]
    pairs = [DropPair(one.drop.organization_id, one.files, one.before.files) for one in with_accounts]
    moved = changes_of_all(pairs, outcomes)
    in_moved = {one.drop.organization_id for one in with_accounts}
    for one in drops:
        rows = next(moved) if one.drop.organization_id in in_moved else None
        yield _write_changes(one, contracts, rows, xlsx=xlsx)


def _write_changes(
    compared: DropWithBaseline, contracts: Sequence[ExportContract], moved: pa.Table | None, *, xlsx: bool
) -> WrittenChanges:
    drop, files, before = compared.drop, compared.files, compared.before
    folder = drop.folder / CHANGES
    folder.mkdir()
    written, exports = [], []
    for contract in contracts:
        was, is_now = (drop_files.parquet.get(contract.name) for drop_files in (before.files, files))
        changes = compare_rows(contract, was, is_now, with_personal=contract.name not in before.incomparable)
        written += _write_rows(folder, changes, drop.folder / f"{contract.name}.csv")
        exports.append(export_diff(changes, was, is_now))
    accounts: tuple[MovedAccount, ...] = ()
    if moved is not None:
        require_contract(moved, drop.organization_id)
        writers = {"csv": write_csv, "parquet": write_parquet, **({"xlsx": write_xlsx} if xlsx else {})}
        for suffix, write in writers.items():
            path = folder / f"{ACCOUNT_CHANGES}.{suffix}"
            write(moved, path)
            written.append(_describe(path, moved.num_rows))
        accounts = moved_accounts(moved, before.files, files)
    in_order = tuple(sorted(written, key=lambda file: file.name))
    with (drop.folder / CHECKSUMS).open("a") as checksums:
        checksums.writelines(f"{file.sha256}  {file.name}\n" for file in in_order)
    money = money_totals({export.export for export in exports}, before.files, files)
    diff = DropDiff(before.place.name, instant_text(files.as_of), tuple(exports), money, accounts)
    treatment_changed = tuple(sorted(before.treatment_changed))
    return WrittenChanges(before.place.name, instant_text(before.files.as_of), in_order, diff, treatment_changed)


def _write_rows(folder: Path, changes: RowChanges, csv: Path) -> list[ChangesFile]:
    """Write an export's added, changed and removed rows; the changed ones are copied from its new CSV."""
    columns = changes.added.column_names
    written = []
    for kind, rows in (("added", changes.added), ("removed", changes.removed)):
        path = folder / f"{changes.export}.{kind}.csv"
        if rows.num_rows:
            write_csv(rows, path)
        else:
            _write_header(path, columns)
        written.append(_describe(path, rows.num_rows))
    path, changed = folder / f"{changes.export}.changed.csv", changes.changed
    if changed.num_rows:
        places, names = (changed[column].combine_chunks() for column in (ROW, CHANGED_COLUMNS))
        copy_lines(path, read_lines(csv), places, CHANGED_COLUMNS, names)
    else:
        _write_header(path, [*columns, CHANGED_COLUMNS])
    return [*written, _describe(path, changed.num_rows)]


def _write_header(path: Path, columns: Sequence[str]) -> None:
    """Write a file without rows, without a query, because two thirds of the files are empty; names need no quotes."""
    path.write_text(",".join(columns) + "\n", encoding="utf-8")


def _describe(path: Path, rows: int) -> ChangesFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    return ChangesFile(f"{CHANGES}/{path.name}", rows, path.stat().st_size, digest.hexdigest())
