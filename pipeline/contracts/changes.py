"""The contracts of the files in a drop's `changes/`: an export's changed rows, and the table `account_changes`."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from pipeline.contracts.contract import ContractColumn, ExportContract
from pipeline.contracts.read_contracts import contracts_from_yaml

CHANGED_COLUMNS: Final = "changed_columns"
"""The last column of the changed rows: the names of the columns that differ, in their order, joined by commas."""

_YAML: Final = Path(__file__).with_name("account_changes.yml")


@cache
def account_changes_contract() -> ExportContract:
    """Read the contract of `account_changes`."""
    (contract,) = contracts_from_yaml({_YAML.name: _YAML.read_text(encoding="utf-8")})
    return contract


def changed_rows_contract(contract: ExportContract) -> ExportContract:
    """Return the contract of `<export>.changed.csv`: the export's columns, and the names of the columns that differ.

    The files of added and removed rows have the export's own contract.
    """
    names = ContractColumn(CHANGED_COLUMNS, "text", nullable=False, description="The columns that differ.")
    return replace(contract, columns=(*contract.exported_columns, names))
