"""Every column of the two fact tables is broken in every way that applies to it, and every break is found.

Wrong type, null in a not-null column, too long or too precise, renamed: 130 columns, 520 breaks less the inapplicable.
The breaks of one kind are audited together, each in the drop of an organization of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from audit.staged_drop import AS_OF, CONTRACTS, table_of, whole_drop, write_export

from pipeline.contracts import ContractColumn, ExportContract
from pipeline.drops.audit.auditor import audit_drops
from pipeline.drops.audit.results import AuditResult

FACTS = [CONTRACTS["account_core"], CONTRACTS["account_communication_stats"]]

Break = Callable[[pa.Table, ContractColumn], pa.Table | None]
"""Breaks one column of a table; None where the break does not apply to the column."""


def _replace(table: pa.Table, column: ContractColumn, values: pa.Array, name: str | None = None) -> pa.Table:
    place = table.column_names.index(column.name)
    return table.set_column(place, name or column.name, values)


def wrong_type(table: pa.Table, column: ContractColumn) -> pa.Table:
    """A text becomes a number, anything else a text."""
    values = (
        pa.array([1] * table.num_rows) if column.arrow_type == pa.string() else table[column.name].cast(pa.string())
    )
    return _replace(table, column, values)


def null_in_not_null(table: pa.Table, column: ContractColumn) -> pa.Table | None:
    """The last row loses its value."""
    if column.nullable:
        return None
    values = table[column.name].to_pylist()
    return _replace(table, column, pa.array([*values[:-1], None], column.arrow_type))


def too_long_or_too_precise(table: pa.Table, column: ContractColumn) -> pa.Table | None:
    """One character more, one digit more after the point, a whole number of 64 bits, a nanosecond, a time on a day."""
    rows = table.num_rows
    if column.max_length is not None:
        return _replace(table, column, pa.array([None] * (rows - 1) + ["é" * (column.max_length + 1)], pa.string()))
    if column.precision is not None and column.scale is not None:
        finer = pa.decimal128(column.precision + 1, column.scale + 1)
        value = Decimal(1).scaleb(-column.scale - 1)
        return _replace(table, column, pa.array([value] * rows, finer))
    finer_types = {
        "integer": pa.int64(),
        "timestamp": pa.timestamp("ns", tz="UTC"),
        "date": pa.timestamp("us", tz="UTC"),
    }
    if column.data_type in finer_types:
        return _replace(table, column, table[column.name].cast(finer_types[column.data_type]))
    return None


def renamed(table: pa.Table, column: ContractColumn) -> pa.Table:
    """The column has another name."""
    return _replace(table, column, table[column.name], f"{column.name}_")


KINDS: dict[str, tuple[Break, dict[str, int]]] = {
    "wrong_type": (wrong_type, {"account_core": 78, "account_communication_stats": 52}),
    # account_id, organization_id (account_core), extracted_at, data_as_of
    "null_in_not_null": (null_in_not_null, {"account_core": 4, "account_communication_stats": 3}),
    # not bigint, boolean, text
    "too_long_or_too_precise": (too_long_or_too_precise, {"account_core": 48, "account_communication_stats": 51}),
    "renamed": (renamed, {"account_core": 78, "account_communication_stats": 52}),
}


def _broken_drops(folder: Path, apply: Break, contract: ExportContract) -> tuple[dict[int, Path], dict[int, str]]:
    """Write a drop for each column that the break applies to: its folder and the column, by organization."""
    folders: dict[int, Path] = {}
    meant: dict[int, str] = {}
    whole = table_of(contract, whole_drop()[contract.name])
    for organization_id, column in enumerate(contract.exported_columns, start=1):
        broken = apply(whole, column)
        if broken is not None:
            folders[organization_id] = folder / str(organization_id)
            meant[organization_id] = column.name
            write_export(folders[organization_id], contract.name, broken)
    return folders, meant


def _found(result: AuditResult, organization_id: int, column: str) -> bool:
    """Whether an error in this organization names the column."""
    for check in result.errors:
        if organization_id in check.failed_by_organization:
            own_lines = [
                line
                for line in (check.problem or "").splitlines()
                if line.startswith(f"organization {organization_id}:")
            ]
            samples = [row for row in check.samples if row.organization_id == organization_id]
            named = any(column in line for line in own_lines) or any(column in row.values for row in samples)
            if named or check.name.split(".")[0] == column:
                return True
    return False


@pytest.mark.parametrize("contract", FACTS, ids=lambda contract: contract.name)
@pytest.mark.parametrize("kind", KINDS)
def test_every_break_is_found_and_named(kind: str, contract: ExportContract, tmp_path: Path) -> None:
    apply, expected = KINDS[kind]
    folders, meant = _broken_drops(tmp_path, apply, contract)
    result = audit_drops(folders, [contract], {}, as_of=AS_OF, settings={})

    assert len(meant) == expected[contract.name]
    assert {column for name, column in meant.items() if not _found(result, name, column)} == set()
    assert "nothing was published" in str(result.problem())


def test_unbroken_neighbours_do_not_fail(tmp_path: Path) -> None:
    contract = FACTS[0]
    folders, meant = _broken_drops(tmp_path, null_in_not_null, contract)
    whole = max(folders) + 1
    folders[whole] = tmp_path / "whole"
    write_export(folders[whole], contract.name, table_of(contract, whole_drop()[contract.name]))
    result = audit_drops(folders, [contract], {}, as_of=AS_OF, settings={})

    assert {name for check in result.errors for name in check.failed_by_organization} == set(meant)


@pytest.mark.parametrize("kind", KINDS)
def test_one_break_alone_stops_the_run(kind: str, tmp_path: Path) -> None:
    apply, _ = KINDS[kind]
    contract = FACTS[0]
    column = contract.column("account_id" if kind == "null_in_not_null" else "domain")
    broken = apply(table_of(contract, whole_drop()[contract.name]), column)
    assert broken is not None
    write_export(tmp_path, contract.name, broken)
    result = audit_drops({1: tmp_path}, [contract], {}, as_of=AS_OF, settings={})

    assert not result.ok
    assert column.name in str(result.problem())


def test_there_are_520_breaks_less_the_inapplicable() -> None:
    columns = sum(len(contract.exported_columns) for contract in FACTS)
    applied = {kind: sum(expected.values()) for kind, (_, expected) in KINDS.items()}
    assert (columns * len(KINDS), applied) == (
        520,
        {"wrong_type": 130, "null_in_not_null": 7, "too_long_or_too_precise": 99, "renamed": 130},
    )
