"""The two fact tables equal the spec, column by column: position, name, type, nullable."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pipeline.contracts.read_contracts import contracts_in_folder

HERE = Path(__file__).parent
MODELS = HERE.parents[1] / "models"


def matches(spec_type: str, data_type: str) -> bool:
    """Return whether the type is the spec's; its bare `numeric` allows any precision and scale."""
    return data_type.startswith("numeric(") if spec_type == "numeric" else data_type == spec_type


@pytest.mark.parametrize(("export", "columns"), [("account_core", 78), ("account_communication_stats", 52)])
def test_the_contract_is_the_spec_column_by_column(export: str, columns: int) -> None:
    with (HERE / f"{export}.csv").open(newline="") as file:
        spec = list(csv.DictReader(file))
    contract = {contract.name: contract for contract in contracts_in_folder(MODELS)}[export]
    exported = contract.exported_columns

    assert len(spec) == columns
    assert [column.name for column in exported] == [row["name"] for row in spec]
    assert [int(row["position"]) for row in spec] == list(range(1, columns + 1))
    differing = [
        f"{row['position']} {row['name']}: the spec says {row['type']}, nullable {row['nullable']}; "
        f"the contract says {column.data_type}, nullable {column.nullable}"
        for row, column in zip(spec, exported, strict=True)
        if not matches(row["type"], column.data_type) or (row["nullable"] == "yes") != column.nullable
    ]
    assert differing == []
