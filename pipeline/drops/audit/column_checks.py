"""The checks that follow from a contract alone, one for each thing that a column promises.

They are Great Expectations' own, but for nulls: an expectation costs milliseconds even on a few rows, and most columns
of some exports are not null, so that these are one condition an export.

Names, order and types are checked on the files (`file_checks.py`), before any value is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pipeline.contracts import ContractColumn, ExportContract
from pipeline.drops.audit.great_expectations_session import (
    ExpectColumnValuesToBeCanonicalJson,
    ExpectRowsToKeepCondition,
    gxe,
)
from pipeline.drops.audit.staged_files import ORGANIZATION

NOT_NULL: Final = "not_null"
"""The check of all columns of an export that are never null; a failing row shows those that are."""


@dataclass(frozen=True)
class ColumnCheck:
    """A check of one or more columns: its name, what it says, and the expectation that judges it."""

    name: str
    says: str
    columns: tuple[str, ...]
    expectation: Any
    rules: tuple[str, ...] = ()


def column_checks(contract: ExportContract, present: list[str]) -> list[ColumnCheck]:
    """Derive the checks of the columns that are `present`: whose name and type are the contract's in every file."""
    columns = [column for column in contract.exported_columns if column.name in present]
    checks = [check for column in columns for check in _checks_of(column)]
    required = tuple(column.name for column in columns if not column.nullable)
    if required:
        checks.insert(0, _not_null(required))
    if set(contract.primary_key) <= set(present):
        checks.append(_unique_key(contract))
    return checks


def _checks_of(column: ContractColumn) -> list[ColumnCheck]:
    """Derive what one column promises: length, allowed values, range, JSON."""
    name = column.name
    found: list[tuple[str, str, Any]] = []
    if column.max_length is not None:
        says = f"{name} has at most {column.max_length} characters"
        found.append(
            ("length", says, gxe.ExpectColumnValueLengthsToBeBetween(column=name, max_value=column.max_length))
        )
    if column.allowed is not None:
        says = f"{name} is one of {', '.join(column.allowed)}"
        values = [int(value) if _is_whole(column) else value for value in column.allowed]
        found.append(("allowed", says, gxe.ExpectColumnValuesToBeInSet(column=name, value_set=values)))
    if column.range is not None:
        low, high = (None if end is None else float(end) for end in column.range)
        says = f"{name} is {_between(column)}"
        found.append(("range", says, gxe.ExpectColumnValuesToBeBetween(column=name, min_value=low, max_value=high)))
    if column.is_json:
        says = f"{name} is compact JSON with sorted keys"
        found.append(("json", says, ExpectColumnValuesToBeCanonicalJson(column=name)))
    return [
        ColumnCheck(f"{name}.{kind}", says, (name,), expectation, column.rules) for kind, says, expectation in found
    ]


def _is_whole(column: ContractColumn) -> bool:
    return column.data_type in ("bigint", "integer")


def _between(column: ContractColumn) -> str:
    assert column.range is not None
    low, high = column.range
    if high is None:
        return f"at least {low}"
    return f"at most {high}" if low is None else f"between {low} and {high}"


def _not_null(required: tuple[str, ...]) -> ColumnCheck:
    condition = " and ".join(f"{name} is not null" for name in required)
    says = f"{', '.join(required)} {'is' if len(required) == 1 else 'are'} never null"
    return ColumnCheck(NOT_NULL, says, required, ExpectRowsToKeepCondition(holds=condition))


def _unique_key(contract: ExportContract) -> ColumnCheck:
    key = ", ".join(contract.primary_key)
    return ColumnCheck(
        "primary_key.unique",
        f"no two rows of a drop have the same {key}",
        contract.primary_key,
        gxe.ExpectCompoundColumnsToBeUnique(column_list=[ORGANIZATION, *contract.primary_key]),
    )
