"""Segments and renewals: the rule that decides, and why each of the others did not, on a hand-made company."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pipeline.explain.explanation import ExplainedColumn
from pipeline.explain.queries import Queries
from tests.explain.company import explain


def story(company: Queries, account: str, column: str) -> ExplainedColumn:
    return explain(company, account, column).columns[0]


def rows(column: ExplainedColumn, *, lost: bool, query: str) -> list[dict[str, Any]]:
    return [
        row
        for piece in column.evidence
        for row in piece.rows
        if piece.evidence.query == query and piece.evidence.lost == lost
    ]


def test_the_soonest_contract_is_selected(company: Queries) -> None:
    """at-risk R6, R11, R12: the first in the file of two that end on the same day."""
    column = story(company, "busy", "days_until_renewal")
    (selected,) = rows(column, lost=False, query="renewals")
    assert (column.value, selected["estimate_id"], selected["rule"]) == (45, "first", "at-risk R6")


def test_every_other_estimate_has_the_first_rule_that_excludes_it(company: Queries) -> None:
    """at-risk R2, R3, R5, R6a, R8, R11, R12, D18."""
    lost = rows(story(company, "busy", "is_at_risk"), lost=True, query="renewals")
    assert {row["estimate_id"]: (row["rule"], row["because"]) for row in lost} == {
        "later": ("at-risk R11", "ends later than the selected one"),
        "same-day": ("at-risk R12", "ends on the same day as the selected one, and comes later in file order"),
        "renewed": ("at-risk R8", "renewed by renewal"),
        "renewal": ("at-risk R5", "ends in more than 180 days"),
        "past": ("at-risk R6a", "ended before today"),
        "lost": ("at-risk R2", "not won: status lost, pipeline none"),
        "endless": ("at-risk R3", "no contract end"),
        "hidden": ("D18", "the estimate is archived"),
    }
    assert [row["estimate_id"] for row in lost][:2] == ["same-day", "later"]


@pytest.mark.parametrize(
    ("account", "rule", "because"),
    [("archived", "at-risk R1", "the account is archived"), ("snoozed", "at-risk R7", "the account is snoozed")],
)
def test_an_excluded_account_is_the_reason_for_each_of_its_estimates(
    company: Queries, account: str, rule: str, because: str
) -> None:
    column = story(company, account, "is_at_risk")
    (lost,) = rows(column, lost=True, query="renewals")
    assert (column.value, lost["rule"], lost["because"]) == (False, rule, because)
    assert rule in {said.id for said in column.rules}


def test_a_snooze_is_shown_with_its_end(company: Queries) -> None:
    """at-risk R7, D18: one second after midnight is later than today."""
    (snooze,) = rows(story(company, "snoozed", "is_at_risk"), lost=False, query="snoozes")
    assert (snooze["notification_type"], snooze["snoozed_until"].isoformat()) == (
        "renewal_reminder",
        "2025-01-15T00:00:01",
    )


def asked(column: ExplainedColumn, year: int) -> list[tuple[str, str, str]]:
    """Return segment, rule and outcome of each rule of a year, the deciding one first."""
    deciding = [
        (row["segment"], row["rule"], "decides")
        for row in rows(column, lost=False, query="segments")
        if row["year"] == year
    ]
    losing = [
        (row["segment"], row["rule"], row["outcome"])
        for row in rows(column, lost=True, query="segments")
        if row["year"] == year
    ]
    return deciding + losing


def test_a_segment_by_share_shows_the_missing_amount(company: Queries) -> None:
    """accounts R12, R13, R14, D12: 600.00 of 10,187.50 is 5.9 percent."""
    column = story(company, "busy", "revenue_segment")
    assert column.value == "B"
    assert asked(column, 2025) == [
        ("B", "accounts R13", "decides"),
        ("D", "accounts R15", "does not hold"),
        ("C", "D12", "does not hold"),
        ("A", "accounts R12", "does not hold"),
        ("C", "accounts R14", "not asked"),
        ("C", "accounts R17", "not asked"),
    ]
    needs = {
        row["segment"]: row["needs_revenue"]
        for row in rows(column, lost=True, query="segments")
        if row["needs_revenue"]
    }
    (decided,) = rows(column, lost=False, query="segments")
    assert (decided["revenue"], decided["total"]) == (Decimal("600.00"), Decimal("10187.50"))
    assert (needs["A"], decided["needs_revenue"]) == (Decimal("1528.1250"), Decimal("509.3750"))


def test_projects_alone_decide_before_any_share(company: Queries) -> None:
    """accounts R15; R17 if the selected year has no revenue."""
    column = story(company, "project", "segment_by_year")
    assert asked(column, 2023)[0] == ("D", "accounts R15", "decides")
    assert {outcome for _, _, outcome in asked(column, 2023)[1:]} == {"not asked"}
    assert asked(column, 2025)[0] == ("C", "accounts R17", "decides")
    assert {outcome for _, _, outcome in asked(column, 2025)[1:]} == {"does not hold"}


def test_revenue_below_zero_has_no_share(company: Queries) -> None:
    assert asked(story(company, "credit", "revenue_segment"), 2025)[0] == ("C", "D12", "decides")


def test_the_rules_of_the_losers_are_cited_in_their_own_words(company: Queries) -> None:
    texts = {rule.id: rule.text for rule in story(company, "busy", "revenue_segment").rules}
    assert texts["accounts R15"] == 'Segment D: Project only (has "Standard" type but no "Service" type won estimates)'


def test_estimates_that_count_in_no_year_have_a_reason(company: Queries) -> None:
    """D4; archived won estimates count (D10)."""
    column = story(company, "busy", "revenue_by_year")
    uncounted = rows(column, lost=True, query="estimates")
    assert {row["estimate_id"]: row["not_counted_because"] for row in uncounted} == {
        "lost": "D4: neither the pipeline status nor the status is won"
    }


def test_a_null_of_a_channel_without_a_table_shows_the_channels(company: Queries) -> None:
    """D36: no e-mail table is configured, so there is no count, not even 0."""
    column = story(company, "7", "total_emails")
    assert column.value is None
    assert rows(column, lost=False, query="channels") == [
        {"has_email": False, "has_meetings": True, "has_chat": False, "has_tickets": False}
    ]
