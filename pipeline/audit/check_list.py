"""Lists every check that an audit of these exports makes, without making one and without Great Expectations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.audit.column_checks import column_checks
from pipeline.contracts.business_rules import RuleBook, Severity
from pipeline.contracts.contract import ExportContract

FILE_CHECKS: Final = {
    "columns": "the files have the contract's columns, in its order",
    "types": "every column has the contract's type, with length, precision, scale and nullability",
    "row_order": "the rows are in the order of the primary key",
    "csv": "every cell of the CSV equals that of the Parquet file",
}
"""The checks of an export's files, with a description of each."""


@dataclass(frozen=True)
class ListedCheck:
    """A check that an audit will make of an export."""

    export: str
    name: str
    says: str
    severity: Severity = "error"
    rules: tuple[str, ...] = ()


def list_checks(contracts: Sequence[ExportContract], rule_books: Mapping[str, RuleBook]) -> list[ListedCheck]:
    """List the checks of all exports: for each export, the checks of its files, its columns and its rules."""
    return [check for contract in contracts for check in _checks_of(contract, rule_books.get(contract.name))]


def _checks_of(contract: ExportContract, book: RuleBook | None) -> Iterator[ListedCheck]:
    for name, says in FILE_CHECKS.items():
        yield ListedCheck(contract.name, name, says)
    for check in column_checks(contract, [column.name for column in contract.exported_columns]):
        yield ListedCheck(contract.name, check.name, check.says, rules=check.rules)
    for rule in book.rules if book else ():
        yield ListedCheck(contract.name, rule.name, rule.says, rule.severity, rule.ids)
