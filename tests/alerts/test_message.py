"""The text of an alert: the outcome, the place, the remedy and the report, but no row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.alerts.message import event_of, overdue_alert, run_alert
from pipeline.state.runs import OrganizationOutcome, RunRecord, without_rows

AS_OF = datetime(2025, 1, 15, tzinfo=UTC)


def record(verdict: Any = "published", **values: Any) -> RunRecord:
    return RunRecord("run", AS_OF, AS_OF, verdict, **values)


def finding(level: str, **values: Any) -> dict[str, Any]:
    """Make a guard's finding as a record keeps it."""
    base = {"guard": "rows", "place": "crm.accounts", "says": "many of its rows are gone", "before": "90", "now": "40"}
    return {**base, "level": level, "accepted": None, **values}


@pytest.mark.parametrize(
    ("run", "event"),
    [
        (record("failed"), "failed"),
        (record("held back"), "held_back"),
        (record("partly held back"), "held_back"),
        (record(findings=(finding("warn"),)), "amber"),
        (record(figures={"warned_checks": 1}), "amber"),
        (record(findings=(finding("warn", accepted={"why": "sold"}),)), "published"),
        (record(findings=(finding("tell"),)), "published"),
        (record(), "published"),
    ],
)
def test_the_event_of_a_run_is_its_most_severe_one(run: RunRecord, event: str) -> None:
    assert event_of(run) == event


def test_an_alert_names_held_back_organizations_and_the_reason() -> None:
    outcomes = (OrganizationOutcome(1, "20250115T000000Z-aa", True), OrganizationOutcome(2, None, why=("kept_keys",)))
    body = run_alert(record("partly held back", organizations=outcomes)).body
    assert "organization 2 was held back: kept_keys" in body
    assert "organization 1: drop 20250115T000000Z-aa" in body
    assert "To do:" in body


def test_an_alert_names_a_guards_place_and_both_figures() -> None:
    assert (
        "guard rows: crm.accounts, many of its rows are gone (90 before and 40 now)"
        in run_alert(record(findings=(finding("warn"),))).body
    )


def test_an_alert_quotes_no_row() -> None:
    words = "account_core, error (1 of 9): a name is a text\n  account_id 7: account_name is Anna Berg"
    assert without_rows(words.split("\n")) == ["account_core, error (1 of 9): a name is a text"]


def test_an_alert_links_the_report_at_its_public_address() -> None:
    page = "/srv/state/reports/20250115T000000Z.html"
    assert f"report: {page}" in run_alert(record(), [page]).body
    linked = run_alert(record(), [page], "https://files.example.com/reports/").body
    assert "report: https://files.example.com/reports/20250115T000000Z.html" in linked


def test_a_thousand_findings_make_a_short_message() -> None:
    body = run_alert(record(findings=tuple(finding("warn", place=f"t{number}") for number in range(1000)))).body
    assert "and 981 more" in body
    assert len(body.splitlines()) < 25


def test_an_overdue_drop_is_reported_with_both_moments() -> None:
    alert = overdue_alert(datetime(2025, 1, 6, 12, tzinfo=UTC), datetime(2025, 1, 13, 12, tzinfo=UTC))
    assert alert.event == "overdue"
    assert "2025-01-06T12:00:00Z and 2025-01-13T12:00:00Z" in alert.body


def test_text_that_a_finding_quotes_is_shown_as_text() -> None:
    alert = run_alert(record(findings=(finding("warn", place="a\x1b[2K\r\nFAKE", says="b\x9bc"),)))
    assert r"a\x1b[2K\r\nFAKE, b\x9bc" in alert.body
