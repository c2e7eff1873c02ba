"""Every column of the two fact tables is broken in every way that applies to it, and every break is found.

Wrong type, null in a not-null column, too long or too precise, renamed: 130 columns, 520 breaks minus the inapplicable.
The breaks of one kind are audited together, each in the drop of its own organization.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.audit.results import AuditResult
from pipeline.contracts.contract import ExportContract
from tests.audit.audits import audit_drops
from tests.audit.contract_breaks import FACTS, KINDS, Break, null_in_not_null
from tests.audit.staged_drop import AS_OF, table_of, whole_drop, write_export


def _broken_drops(folder: Path, apply: Break, contract: ExportContract) -> tuple[dict[int, Path], dict[int, str]]:
    """Write a drop for each column that the break applies to; return its folder and the column by organization."""
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
    """Return whether an error in this organization names the column."""
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
