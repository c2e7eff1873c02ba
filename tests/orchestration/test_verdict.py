"""D40: verdicts are per organization; a fault without an organization holds back all."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.audit import AuditResult
from pipeline.audit.results import Check
from pipeline.common.errors import WarehouseError
from pipeline.guards.findings import Finding
from pipeline.orchestration.verdict import judge


def check(**failed: int) -> Check:
    """Make a check that failed in these organizations (`o1=3`)."""
    by_organization = {int(name[1:]): count for name, count in failed.items()}
    return Check("accounts", "a", "rule", "error", "says", False, failed_by_organization=by_organization)


def stop(organization: int | None, **changes: Any) -> Finding:
    return Finding("kept_keys", "stop", "account_core", "says", "remedy", organization_id=organization, **changes)


def held_back(*checks: Check, findings: tuple[Finding, ...] = (), **options: Any) -> set[int] | str:
    """Return which of organizations 1 to 3 are held back, or `all`."""
    verdict = judge((1, 2, 3), AuditResult(checks), findings, None, **options)
    return "all" if verdict.run else set(verdict.held_back)


def test_an_error_in_one_organizations_rows_holds_it_back() -> None:
    assert held_back(check(o2=1)) == {2}


def test_a_finding_in_one_organizations_drop_holds_it_back() -> None:
    assert held_back(check(o2=1), findings=(stop(3),)) == {2, 3}


def test_a_missing_organization_is_held_back_without_a_drop() -> None:
    assert held_back(findings=(stop(9),)) == {9}


def test_a_check_without_an_organization_holds_back_all() -> None:
    assert held_back(check()) == "all"


def test_errors_in_every_organization_are_an_error_of_the_run() -> None:
    assert held_back(check(o1=1, o2=1), findings=(stop(3),)) == "all"


def test_with_the_setting_run_every_error_holds_back_all() -> None:
    assert held_back(check(o2=1), hold_back_all=True) == "all"


def test_a_broken_contract_holds_back_all() -> None:
    broken = WarehouseError("accounts lost a column")
    assert judge((1, 2), AuditResult(()), (), broken).run is broken


@pytest.mark.parametrize("organization", [1, 2])
def test_an_organizations_messages_quote_no_rows_of_others(organization: int) -> None:
    verdict = judge((1, 2, 3), AuditResult((check(o1=7, o2=9),)), (), None)
    problem = verdict.problem_of(organization)
    assert problem is not None
    assert str({1: 9, 2: 7}[organization]) not in problem.what
