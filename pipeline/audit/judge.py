"""Checks a frame of rows with Great Expectations, and names the rows that fail."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from pipeline.audit.column_checks import ColumnCheck, column_checks
from pipeline.audit.csv_twin import as_text
from pipeline.audit.great_expectations import (
    SEVERITIES,
    ExpectRowsToKeepCondition,
    Session,
    bound,
    named_in,
    problem_of,
    to_frame,
)
from pipeline.audit.results import SAMPLES, Check, FailedRow
from pipeline.audit.staged_files import ORGANIZATION
from pipeline.contracts.business_rules import BusinessRule
from pipeline.contracts.contract import ExportContract

_CELLS_A_FRAME: Final = 100_000
"""Most checks of Great Expectations copy their whole frame: narrow frames make a large table's audit much faster."""

_CHECKS_A_FRAME: Final = 2
"""At least this many, because every frame has a cost too."""

_LONGEST_SHOWN: Final = 200
"""Characters of a value that a failure shows."""


@dataclass(frozen=True)
class PendingCheck:
    """A check that Great Expectations has yet to evaluate: everything of the result but the verdict."""

    check: Check
    expectation: Any
    shows: tuple[str, ...]
    is_faulty: Callable[[str, str | None], bool] | None = None


def check_columns(session: Session, contract: ExportContract, rows: pa.Table) -> list[Check]:
    """Check what each column of an export promises, a few columns at a time."""
    present = [name for name in rows.column_names if name != ORGANIZATION]
    derived = column_checks(contract, present)
    by_columns: dict[tuple[str, ...], list[ColumnCheck]] = {}
    for check in derived:
        by_columns.setdefault(check.columns, []).append(check)
    groups = list(by_columns.items())
    checks = []
    size = max(_CHECKS_A_FRAME, _CELLS_A_FRAME // max(rows.num_rows, 1))
    for start in range(0, len(groups), size):
        group = groups[start : start + size]
        columns = list(dict.fromkeys([ORGANIZATION, *(name for names, _ in group for name in names)]))
        pending = [
            PendingCheck(
                Check(contract.name, check.name, "column", "error", check.says, passed=True, rules=check.rules),
                check.expectation(),
                check.columns,
                check.is_faulty,
            )
            for _, group_checks in group
            for check in group_checks
        ]
        suite = f"{contract.name} columns {start // size + 1}"
        checks += judge(session, suite, rows.select(columns), rows, contract, pending)
    return checks


def texts_of(rules: Iterable[BusinessRule]) -> str:
    """Return the conditions of rules as one text, to search for names."""
    return " ".join(f"{rule.holds} {rule.when or ''}" for rule in rules)


def pending_rule(rule: BusinessRule, rows: pa.Table, parameters: Mapping[str, Any]) -> PendingCheck:
    """Return the pending check of a rule on these rows; `parameters` are the values of `$name`."""
    texts = texts_of([rule])
    used = bound(texts, dict(parameters))
    return PendingCheck(
        Check(rule.export, rule.name, "rule", rule.severity, rule.says, passed=True, rules=rule.ids),
        ExpectRowsToKeepCondition(
            holds=rule.holds,
            when=rule.when,
            parameters=json.dumps(used, sort_keys=True),
            severity=SEVERITIES[rule.severity],
        ),
        tuple(named_in(texts, rows.column_names)),
    )


def unjudged(rule: BusinessRule, problem: str) -> Check:
    """Return the check of a rule that could not be evaluated: an error, because its outcome is unknown."""
    return Check(rule.export, rule.name, "rule", "error", rule.says, passed=False, rules=rule.ids, problem=problem)


def judge(
    session: Session,
    suite: str,
    judged: pa.Table,
    rows: pa.Table,
    contract: ExportContract,
    pending: Sequence[PendingCheck],
) -> list[Check]:
    """Evaluate the checks of a frame; name failing rows from `rows`, which are in the order of the frame."""
    results = session.validate(suite, to_frame(judged), [one.expectation for one in pending])
    return [_concluded(one, results[position], rows, contract) for position, one in enumerate(pending)]


def _concluded(pending: PendingCheck, result: Any, rows: pa.Table, contract: ExportContract) -> Check:
    check = pending.check
    problem = problem_of(result)
    # as in unjudged, whatever the rule's severity
    severity = "error" if problem else check.severity
    positions = [] if result.success else list((result.result or {}).get("unexpected_index_list") or [])
    named = [
        name
        for name in dict.fromkeys([ORGANIZATION, *contract.primary_key, *pending.shows])
        if name in rows.column_names
    ]
    failing = rows.select(named).take(pa.array(positions, pa.int64()))
    organizations = Counter(failing[ORGANIZATION].to_pylist())
    return Check(
        check.export,
        check.name,
        check.scope,
        severity,
        check.says,
        passed=bool(result.success),
        rules=check.rules,
        rows=(result.result or {}).get("element_count", rows.num_rows),
        failed=len(positions),
        failed_by_organization=dict(sorted(organizations.items())),
        samples=_named(failing.slice(0, SAMPLES), contract.primary_key, pending),
        problem=f"could not be judged: {problem}" if problem else None,
    )


def _named(failing: pa.Table, key: Sequence[str], pending: PendingCheck) -> tuple[FailedRow, ...]:
    """Name failing rows by their key, with their values in the checked columns."""
    texts = {name: as_text(failing[name]).to_pylist() for name in failing.column_names}
    key = [name for name in key if name in texts]
    shows = [name for name in pending.shows if name in texts]
    organizations = failing[ORGANIZATION].to_pylist()
    return tuple(
        FailedRow(
            organizations[position],
            {name: texts[name][position] for name in key},
            {
                name: _short(texts[name][position])
                for name in shows
                if (pending.is_faulty(name, texts[name][position]) if pending.is_faulty else name not in key)
            },
        )
        for position in range(failing.num_rows)
    )


def _short(text: str | None) -> str | None:
    if text is None or len(text) <= _LONGEST_SHOWN:
        return text
    return f"{text[:_LONGEST_SHOWN]}... ({len(text):,} characters)"
