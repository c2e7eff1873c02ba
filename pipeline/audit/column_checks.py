"""The checks that follow from a contract: what its columns promise. They are only described here, not evaluated.

Great Expectations' own expectations check keys, lengths and allowed values. All columns of an export that are never
null share one SQL condition, and all ranges another, because every expectation takes milliseconds however few the rows
are, and Great Expectations compares ranges as floats, one by one in Python. It is only imported when an expectation is
built, so that listing the checks stays cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from pipeline.audit.staged_files import ORGANIZATION
from pipeline.contracts.contract import ContractColumn, ExportContract

Range = tuple[Decimal | None, Decimal | None]


@dataclass(frozen=True)
class ColumnCheck:
    """A check of one or more columns: its name, its description, and the function that builds its expectation.

    `is_faulty` returns whether a column's value (as in the CSV) is at fault in a failing row, where only some may be.
    """

    name: str
    says: str
    columns: tuple[str, ...]
    expectation: Callable[[], Any]
    rules: tuple[str, ...] = ()
    is_faulty: Callable[[str, str | None], bool] | None = None


def column_checks(contract: ExportContract, present: list[str]) -> list[ColumnCheck]:
    """Derive the checks of the columns that are `present`: whose name and type are the contract's in every file."""
    columns = [column for column in contract.exported_columns if column.name in present]
    checks = [check for column in columns for check in _checks_of(column)]
    required = tuple(column.name for column in columns if not column.nullable)
    ranges = {column.name: column.range for column in columns if column.range is not None}
    if ranges:
        checks.insert(0, _within(ranges))
    if required:
        checks.insert(0, _not_null(required))
    if set(contract.primary_key) <= set(present):
        checks.append(_unique_key(contract))
    return checks


def _checks_of(column: ContractColumn) -> list[ColumnCheck]:
    """Derive what one column promises by itself: length, allowed values, JSON."""
    name = column.name
    found: list[tuple[str, str, Callable[[], Any]]] = []
    if column.max_length is not None:
        says = f"{name} has at most {column.max_length} characters"
        found.append(("length", says, partial(_at_most, name, column.max_length)))
    if column.allowed is not None:
        says = f"{name} is one of {', '.join(column.allowed)}"
        values = [int(value) if _is_whole(column) else value for value in column.allowed]
        found.append(("allowed", says, partial(_one_of, name, values)))
    if column.is_json:
        says = f"{name} is compact JSON with sorted keys"
        found.append(("json", says, partial(_json, name)))
    return [
        ColumnCheck(f"{name}.{kind}", says, (name,), expectation, column.rules) for kind, says, expectation in found
    ]


def _at_most(name: str, characters: int) -> Any:
    from pipeline.audit.great_expectations import gxe

    return gxe.ExpectColumnValueLengthsToBeBetween(column=name, max_value=characters)


def _one_of(name: str, values: Sequence[int | str]) -> Any:
    from pipeline.audit.great_expectations import gxe

    return gxe.ExpectColumnValuesToBeInSet(column=name, value_set=values)


def _json(name: str) -> Any:
    from pipeline.audit.great_expectations import ExpectColumnValuesToBeCanonicalJson

    return ExpectColumnValuesToBeCanonicalJson(column=name)


def _kept(condition: str) -> Any:
    from pipeline.audit.great_expectations import ExpectRowsToKeepCondition

    return ExpectRowsToKeepCondition(holds=condition)


def _unique(key: Sequence[str]) -> Any:
    from pipeline.audit.great_expectations import gxe

    return gxe.ExpectCompoundColumnsToBeUnique(column_list=[ORGANIZATION, *key])


def _is_whole(column: ContractColumn) -> bool:
    return column.data_type in ("bigint", "integer")


def _not_null(required: tuple[str, ...]) -> ColumnCheck:
    condition = " and ".join(f"{name} is not null" for name in required)
    says = f"{_all_of(required)} never null"
    return ColumnCheck("not_null", says, required, partial(_kept, condition), is_faulty=lambda _, text: text is None)


def _all_of(names: Sequence[str]) -> str:
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'}"


def _within(ranges: Mapping[str, Range]) -> ColumnCheck:
    def is_faulty(name: str, text: str | None) -> bool:
        low, high = ranges[name]
        value = None if text is None else Decimal(text)
        return value is not None and ((low is not None and value < low) or (high is not None and value > high))

    condition = " and ".join(f"({name} is null or {_condition(name, *ends)})" for name, ends in ranges.items())
    alike = {ends: [name for name in ranges if ranges[name] == ends] for ends in ranges.values()}
    says = "; ".join(f"{_all_of(names)} {_between(*ends)}" for ends, names in alike.items())
    return ColumnCheck("range", says, tuple(ranges), partial(_kept, condition), is_faulty=is_faulty)


def _condition(name: str, low: Decimal | None, high: Decimal | None) -> str:
    ends = ((">=", low), ("<=", high))
    return " and ".join(f"{name} {operator} {end}" for operator, end in ends if end is not None)


def _between(low: Decimal | None, high: Decimal | None) -> str:
    if high is None:
        return f"at least {low}"
    return f"at most {high}" if low is None else f"between {low} and {high}"


def _unique_key(contract: ExportContract) -> ColumnCheck:
    key = ", ".join(contract.primary_key)
    return ColumnCheck(
        "primary_key.unique",
        f"no two rows of a drop have the same {key}",
        contract.primary_key,
        partial(_unique, contract.primary_key),
    )
