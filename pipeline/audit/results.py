"""The result of an audit as plain data: each check with its verdict, and the rows that failed it, by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, Literal

from pipeline.common.errors import WarehouseError
from pipeline.common.shown_text import shown, shown_lines
from pipeline.contracts.business_rules import Severity

Scope = Literal["file", "column", "rule"]

SAMPLES: Final = 20
"""The most failing rows that a check names."""

_SHOWN_FAILURES: Final = 12
_SHOWN_ROWS: Final = 5


@dataclass(frozen=True)
class FailedRow:
    """A row that failed: its key, and its values in the checked columns, as written in the CSV."""

    organization_id: int
    key: Mapping[str, str | None]
    values: Mapping[str, str | None]

    def __str__(self) -> str:
        found = ", ".join(f"{name} is {_shown(value)}" for name, value in self.values.items())
        key = ", ".join(f"{name} {_shown(value)}" for name, value in self.key.items())
        where = f"{key} (organization {self.organization_id})" if key else f"organization {self.organization_id}"
        return shown(f"{where}: {found}" if found else where)


@dataclass(frozen=True)
class Check:
    """One check and its result.

    `scope` says what is checked: the files themselves, a column of the contract, or a business rule. `rows` is the
    number of rows checked (for `file`: of files and columns), `failed` the number that failed, in total and by
    organization; `samples` names up to 20 of these. `problem` describes faults that no row shows, such as a missing
    column or a check that could not be made.
    """

    export: str
    name: str
    scope: Scope
    severity: Severity
    says: str
    passed: bool
    rules: tuple[str, ...] = ()
    rows: int = 0
    failed: int = 0
    failed_by_organization: Mapping[int, int] = field(default_factory=dict)
    samples: tuple[FailedRow, ...] = ()
    problem: str | None = None

    @property
    def blocks(self) -> bool:
        """Whether this result keeps the drop from being published."""
        return not self.passed and self.severity == "error"

    def __str__(self) -> str:
        if self.passed:
            return f"{self.export}: {self.says}"
        count = f" ({self.failed:,} of {self.rows:,})" if self.failed else ""
        lines = [shown(f"{self.export}, {self.severity}{count}: {self.says}")]
        if self.problem:
            lines += [f"  {line}" for line in shown_lines(self.problem)]
        lines += [f"  {row}" for row in self.samples[:_SHOWN_ROWS]]
        if self.failed > _SHOWN_ROWS and self.samples:
            lines.append(f"  and {self.failed - _SHOWN_ROWS:,} more")
        return "\n".join(lines)


@dataclass(frozen=True)
class AuditResult:
    """The checks of an audit: those of files first, then columns, then rules, each by export."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether the staged files may be published; warnings do not prevent it."""
        return not any(check.blocks for check in self.checks)

    @property
    def errors(self) -> tuple[Check, ...]:
        """The failed checks that keep the drop from being published."""
        return tuple(check for check in self.checks if check.blocks)

    @property
    def warnings(self) -> tuple[Check, ...]:
        """The failed checks that are reported but do not prevent publication."""
        return tuple(check for check in self.checks if not check.passed and not check.blocks)

    def of_organization(self, organization_id: int) -> list[dict[str, Any]]:
        """Return every check as the manifest of one organization's drop lists it, without other organizations' data."""
        return [
            _in_manifest(check, check.failed_by_organization[organization_id])
            if check.failed_by_organization.get(organization_id)
            else passed
            for check, passed in zip(self.checks, self._of_others, strict=True)
        ]

    @cached_property
    def _of_others(self) -> list[dict[str, Any]]:
        """Every check as listed for an organization without failures; many manifests share these objects."""
        return [_in_manifest(check, 0) for check in self.checks]

    def problem(self, consequence: str = "nothing was published, the last drops stay") -> WarehouseError | None:
        """Return an error with the failed checks and their rows; None if the staged files may be published."""
        if self.ok:
            return None
        errors = self.errors
        shown_checks = [str(check) for check in errors[:_SHOWN_FAILURES]]
        if len(errors) > _SHOWN_FAILURES:
            shown_checks.append(f"and {len(errors) - _SHOWN_FAILURES} more checks")
        checks = "1 check" if len(errors) == 1 else f"{len(errors)} checks"
        return WarehouseError(
            f"the audit of the staged files failed {checks}; {consequence}.",
            details=shown_checks,
            remedy="fix the rows in their source, or the model that computes them, and run again",
        )

    def concerns_run(self) -> bool:
        """Return whether an error belongs to no organization: a check that could not be made, or a file of the run."""
        return any(not check.failed_by_organization for check in self.errors)

    def problem_of(self, organization_id: int) -> WarehouseError | None:
        """Return an error with what failed in one organization's files; None if they may be published."""
        own = [
            replace(
                check,
                failed=check.failed_by_organization[organization_id],
                samples=tuple(row for row in check.samples if row.organization_id == organization_id),
            )
            for check in self.errors
            if check.failed_by_organization.get(organization_id)
        ]
        return AuditResult(tuple(own)).problem("this drop was not published, the last one stays")


def _in_manifest(check: Check, failed: int) -> dict[str, Any]:
    return {
        "export": check.export,
        "check": check.name,
        "severity": check.severity,
        # a check that failed without a failing row could not be made
        "passed": not failed and (check.passed or bool(check.failed_by_organization)),
        "failed": failed,
    }


def _shown(value: str | None) -> str:
    if value is None:
        return "null"
    return repr(value) if value == "" or value != value.strip() else value
