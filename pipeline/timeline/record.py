"""The record of one published drop: what of it the timeline keeps. It is made of the drop's files and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.common.errors import WarehouseError
from pipeline.common.instants import named_instant
from pipeline.common.scratch_database import read_parquet, scratch_connection
from pipeline.drops.manifest import drop_name
from pipeline.drops.write_changes import ACCOUNT_CHANGES, CHANGES
from pipeline.storage.local_files import flush, hidden_name
from pipeline.timeline.metrics import drop_metrics

ACCOUNTS: Final = "account_history"
LIST: Final = "at_risk_list"
LEFT: Final = "left_list"
METRICS: Final = "metric_history"
TABLES: Final = (ACCOUNTS, LIST, LEFT, METRICS)

_DESCRIPTION: Final = "drop.json"
_HERE: Final = Path(__file__).parent
_EMPTY: Final = {
    "account_core": None,
    "account_keys": "null::bigint as account_id, null::varchar as crm_account_id",
    "account_revenue_by_year": "null::varchar as account_id, null::integer as year, "
    "null::decimal(18, 2) as revenue, null::varchar as segment",
    "at_risk_accounts": "null::varchar as account_id, null::varchar as account_name, "
    "null::varchar as expiring_estimate_id, null::varchar as expiring_estimate_number, null::date as renewal_date, "
    "null::integer as days_until_renewal, null::decimal(12, 2) as estimate_value, null::varchar as revenue_segment, "
    "null::decimal(18, 2) as annual_revenue",
}
"""The exports that a record is made of, with the columns of one that the drop does not hold."""


@dataclass(frozen=True)
class DropRecord:
    """What one drop left: `against` is the drop that it was held against, None of an organization's first.

    `tables` are `account_history`, `at_risk_list`, `left_list` (account_id, reason) and `metric_history`.
    """

    organization_id: int
    drop: str
    against: str | None
    tables: Mapping[str, pa.Table]

    def write(self, folder: Path) -> None:
        """Write the record as the folder `folder`, whole or not at all, in place of one that is there."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = folder.parent / hidden_name()
        draft.mkdir()
        for name, rows in self.tables.items():
            pq.write_table(rows, draft / f"{name}.parquet", compression="zstd")
        described = {"against": self.against, "drop": self.drop, "organization_id": self.organization_id}
        (draft / _DESCRIPTION).write_text(json.dumps(described, sort_keys=True) + "\n", encoding="utf-8")
        for path in (*draft.iterdir(), draft):
            flush(path)
        if folder.exists():
            folder.rename(folder.parent / hidden_name())  # the next run clears it
        draft.rename(folder)
        flush(folder.parent)


def read_record(folder: Path, manifest: Mapping[str, Any]) -> DropRecord:
    """Read what a drop leaves from its folder, in which every file of its manifest lies.

    A drop without account_core, such as one of a part of the exports, leaves a record without rows.
    """
    files = {file["export"]: folder / file["name"] for file in manifest["files"] if file["name"].endswith(".parquet")}
    name, organization_id = drop_name(manifest), int(manifest["organization_id"])
    changes = manifest.get("changes") or {}
    has_changes = any(file["name"] == _CHANGES_FILE for file in changes.get("files", ()))
    parameters: dict[str, Any] = {
        "organization_id": organization_id,
        "as_of": named_instant(name).replace(tzinfo=None),
        "selected_year": int(manifest["settings"]["selected_year"]),
        "drop_name": name,
    }
    with closing(scratch_connection()) as connection:
        for export, columns in _EMPTY.items():
            _open_export(connection, export, files.get(export), columns)
        tables = {}
        if "account_core" in files:
            has_list = {"has_list": "at_risk_accounts" in files}
            accounts = connection.sql(_sql(ACCOUNTS), params={**_without(parameters, "organization_id"), **has_list})
            tables[ACCOUNTS] = accounts.to_arrow_table()
        at_risk = connection.sql(_sql(LIST), params=_without(parameters, "selected_year"))
        tables[LIST] = at_risk.to_arrow_table()
        left = _left(connection, folder / _CHANGES_FILE if has_changes else None)
        metrics = drop_metrics(connection, files, manifest, parameters["selected_year"])
        tables |= {LEFT: _of_the_drop(left, parameters), METRICS: _of_the_drop(metrics, parameters)}
    return DropRecord(organization_id, name, changes.get("against"), tables)


def read_description(folder: Path) -> tuple[str | None, bool]:
    """Read from a record's folder which drop its drop was held against, and whether it has accounts.

    WarehouseError where the record is damaged.
    """
    try:
        described = json.loads((folder / _DESCRIPTION).read_text(encoding="utf-8"))
        present = [name for name in TABLES if (folder / f"{name}.parquet").exists()]
        for name in present:
            pq.read_metadata(folder / f"{name}.parquet")
        against = described["against"]
        if {*TABLES} - {*present} - {ACCOUNTS}:
            raise ValueError("a file is missing")
    except (ValueError, KeyError, TypeError, FileNotFoundError, pa.ArrowInvalid) as error:
        raise WarehouseError(
            f"the record of a drop is damaged ({error})",
            where=str(folder),
            remedy="run `warehouse history --rebuild`, which makes it again while the drop is kept; or bring it back "
            "from a backup",
        ) from None
    return against, ACCOUNTS in present


def _open_export(connection: duckdb.DuckDBPyConnection, export: str, path: Path | None, columns: str | None) -> None:
    """Open an export of the drop as the view `now_<export>`."""
    if path is not None:
        connection.execute(f"create or replace temp view now_{export} as from {read_parquet([path])}")
    elif columns is not None:
        connection.execute(f"create or replace temp view now_{export} as select {columns} limit 0")


def _left(connection: duckdb.DuckDBPyConnection, changes: Path | None) -> pa.Table:
    """Return who is no longer at risk and why, as `account_changes` says it."""
    rows = "select null::bigint as account_id, null::varchar as reason limit 0"
    if changes is not None:
        rows = (
            f"select account_id, detail as reason from {read_parquet([changes])} "
            "where change = 'at_risk_off' order by account_id, detail"
        )
    return connection.sql(rows).to_arrow_table()


def _of_the_drop(rows: pa.Table, parameters: Mapping[str, Any]) -> pa.Table:
    """Put whose and of which instant they are beside rows of a drop."""
    columns = {
        "organization_id": pa.array([parameters["organization_id"]] * rows.num_rows, pa.int64()),
        "as_of": pa.array([parameters["as_of"]] * rows.num_rows, pa.timestamp("us")),
        **{name: rows[name] for name in rows.column_names},
        "drop_name": pa.array([parameters["drop_name"]] * rows.num_rows, pa.string()),
    }
    return pa.table(columns)


def _sql(name: str) -> str:
    return (_HERE / f"{name}.sql").read_text(encoding="utf-8")


def _without(parameters: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Leave out parameters that a statement does not have: DuckDB refuses them."""
    return {name: value for name, value in parameters.items() if name not in names}


_CHANGES_FILE: Final = f"{CHANGES}/{ACCOUNT_CHANGES}.parquet"
