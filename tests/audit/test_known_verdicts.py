"""A long-lived audit process checks only what has changed, with the same results as a new process."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.audit.known_verdicts import KnownVerdicts
from pipeline.audit.results import AuditResult
from pipeline.contracts.business_rules import RuleBook, read_rule_books
from pipeline.contracts.lists import LISTS, REFERENCE_EXPORTS
from tests.audit.audits import audit_drops
from tests.audit.staged_drop import AS_OF, CONTRACTS, EXPECTATIONS, SETTINGS, change, whole_drop, write_drop

OF_LISTS = [CONTRACTS[name] for name in sorted({*LISTS, *REFERENCE_EXPORTS, "account_revenue_by_year"})]
BOOKS = read_rule_books(EXPECTATIONS, [contract.name for contract in OF_LISTS])
FILES = {"files", "columns of files"}
"""The checks that are repeated each time, because they cover all files together."""


class Auditor:
    """The audits of one process; each is compared with one that has no known verdicts."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.known = KnownVerdicts(remembers=True)

    def audit(self, drop: Path, as_of: datetime = AS_OF, books: dict[str, RuleBook] = BOOKS) -> tuple[Any, set[str]]:
        """Return the result, and the frames that Great Expectations checked for it."""

        def ask(known: KnownVerdicts) -> AuditResult:
            return audit_drops(
                {1: drop}, OF_LISTS, books, as_of=as_of, settings=SETTINGS, results=self.scratch / "gx", known=known
            )

        expected = ask(KnownVerdicts(remembers=False))
        found = ask(self.known)
        assert found == expected
        judged = {one["suite"] for one in json.loads((self.scratch / "gx").read_text())}
        return found, {suite.partition(" columns ")[0] for suite in judged - FILES}


@pytest.fixture
def auditor(tmp_path: Path) -> Auditor:
    return Auditor(tmp_path)


def drop_with(folder: Path, export: str, key: dict[str, str], **cells: object) -> Path:
    rows = whole_drop()
    change(export, key, **cells)(rows)
    return write_drop(folder, rows)


def test_the_same_bytes_are_checked_once(auditor: Auditor, tmp_path: Path) -> None:
    _, judged = auditor.audit(write_drop(tmp_path / "1", whole_drop()))
    assert {"at_risk_accounts", "at_risk_accounts rules rows"} <= judged
    result, judged = auditor.audit(write_drop(tmp_path / "2", whole_drop()))
    assert (judged, result.ok) == (set(), True)


def test_a_failure_is_repeated_until_it_is_fixed(auditor: Auditor, tmp_path: Path) -> None:
    auditor.audit(write_drop(tmp_path / "1", whole_drop()))
    for name in ("2", "3"):
        result, judged = auditor.audit(
            drop_with(tmp_path / name, "neglected_accounts", {"account_id": "A1"}, revenue_segment="Z")
        )
        assert {check.name for check in result.errors} >= {"revenue_segment.allowed"}
        assert ("neglected_accounts" in judged) == (name == "2")
        assert "at_risk_accounts" not in judged
    assert auditor.audit(write_drop(tmp_path / "4", whole_drop()))[0].ok


def test_a_rule_over_several_exports_is_checked_again_when_one_of_them_has_changed(
    auditor: Auditor, tmp_path: Path
) -> None:
    auditor.audit(write_drop(tmp_path / "1", whole_drop()))
    result, judged = auditor.audit(drop_with(tmp_path / "2", "accounts", {"id": "A1"}, name="Other"))
    assert "at_risk_accounts" in {check.export for check in result.errors}
    assert any(suite.startswith("at_risk_accounts rules ") for suite in judged)
    assert "at_risk_accounts rules rows" not in judged


def test_a_rule_that_uses_the_instant_is_checked_again_at_the_next_one(auditor: Auditor, tmp_path: Path) -> None:
    drop = write_drop(tmp_path / "1", whole_drop())
    auditor.audit(drop)
    result, judged = auditor.audit(drop, AS_OF + timedelta(minutes=5))
    assert judged == {
        f"{name} rules rows" for name in ("accounts", "duplicate_at_risk_estimates", "notification_cache")
    }
    assert not result.ok


def test_a_changed_rule_is_checked_again(auditor: Auditor, tmp_path: Path) -> None:
    drop = write_drop(tmp_path / "1", whole_drop())
    auditor.audit(drop)
    book = BOOKS["neglected_accounts"]
    (first, *others) = book.rules
    stricter = replace(book, rules=(replace(first, holds="false"), *others))
    result, _ = auditor.audit(drop, books={**BOOKS, book.export: stricter})
    assert [check.name for check in result.errors] == [first.name]


def test_a_removed_file_is_reported(auditor: Auditor, tmp_path: Path) -> None:
    drop = write_drop(tmp_path / "1", whole_drop())
    auditor.audit(drop)
    (drop / "at_risk_accounts.csv").unlink()
    result, _ = auditor.audit(drop)
    assert "at_risk_accounts.csv is missing" in str(result.problem())
