"""Two drops of one company, a week apart, made up row by row under the real contracts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.contracts.contract import ContractColumn, ExportContract
from pipeline.contracts.read_contracts import contracts_in_folder
from pipeline.guards.drop_figures import DropFiles
from pipeline.paths import PROJECT_ROOT

LAST_WEEK = datetime(2025, 1, 8, tzinfo=UTC)
THIS_WEEK = datetime(2025, 1, 15, tzinfo=UTC)
CONTRACTS = {contract.name: contract for contract in contracts_in_folder(PROJECT_ROOT / "models")}

Rows = Sequence[Mapping[str, Any]]

_DEFAULTS: dict[str, Any] = {"bigint": 1, "integer": 1, "boolean": False, "text": "x"}


def drop_files(folder: Path, as_of: datetime = THIS_WEEK, **exports: Rows) -> DropFiles:
    """Write exports as Parquet; missing values are null, or a placeholder if null is not allowed."""
    folder.mkdir(parents=True)
    files = {}
    compared = ("account_core", "account_revenue_by_year", "accounts", "at_risk_accounts", "estimates")
    for name in dict.fromkeys([*compared, *exports]):
        contract = replace(CONTRACTS[name], columns=CONTRACTS[name].exported_columns)
        rows = [whole_row(contract, row, as_of) for row in exports.get(name, ())]
        schema = pa.schema([(column.name, column.arrow_type) for column in contract.columns])
        files[name] = folder / f"{name}.parquet"
        pq.write_table(pa.Table.from_pylist(rows, schema), files[name])
    return DropFiles(files, as_of, as_of.year)


def whole_row(contract: ExportContract, row: Mapping[str, Any], as_of: datetime) -> dict[str, Any]:
    """Fill a row: missing values are null, or a placeholder if null is not allowed."""
    unknown = set(row) - {column.name for column in contract.columns}
    assert not unknown, f"{contract.name} has no {unknown}"
    whole = {}
    for column in contract.columns:
        if column.name in ("extracted_at", "data_as_of"):
            whole[column.name] = as_of
        elif column.name in row or column.nullable:
            whole[column.name] = row.get(column.name)
        else:
            whole[column.name] = column.allowed[0] if column.allowed else _something(column, as_of)
    return whole


def _something(column: ContractColumn, as_of: datetime) -> Any:
    data_type = column.data_type
    if column.is_json:
        return "{}"
    if data_type == "date":
        return as_of.date() + timedelta(days=30)
    if data_type == "timestamp":
        return as_of
    return Decimal(0) if data_type.startswith("numeric") else _DEFAULTS.get(data_type, "x")


def core(account_id: int, **columns: Any) -> dict[str, Any]:
    """Make a row of account_core whose crm_id is `c<account_id>`."""
    return {"account_id": account_id, "organization_id": 1, "crm_id": f"c{account_id}", **columns}


def crm(account_id: int, **columns: Any) -> dict[str, Any]:
    """Make the CRM account of that account."""
    return {"id": f"c{account_id}", "name": f"Account {account_id}", **columns}
