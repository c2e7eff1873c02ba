"""at-risk R32: when and why each account's stay on the list started and ended, and the audit trail of the list."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.timeline.made_past import Past

EPISODE = ("account_id", "began", "last_seen", "ended", "ended_because", "estimate_id")
ENDS_IN_MARCH = ("e1", "2025-03-01", "100.00")
ENDS_IN_APRIL = ("e2", "2025-04-01", "250.00")


@pytest.fixture
def past(tmp_path: Path) -> Past:
    return Past(tmp_path)


def test_a_stay_lasts_from_the_first_drop_that_lists_the_account_to_the_first_that_does_not(past: Past) -> None:
    past.publish(1, {})
    past.publish(8, {1: ENDS_IN_MARCH})
    past.publish(15, {1: ENDS_IN_MARCH})
    past.publish(22, {}, outcomes={"e1": "renewed"})
    assert past.rows("at_risk_episodes", *EPISODE) == [("c1", 8, 15, 22, "renewed", "e1")]
    assert past.rows("at_risk_episodes", "may_have_begun_earlier", "estimates") == [(False, 1)]


def test_a_current_stay_has_no_end_and_one_from_the_first_drop_may_be_older(past: Past) -> None:
    past.publish(1, {1: ENDS_IN_MARCH})
    past.publish(8, {1: ENDS_IN_MARCH})
    assert past.rows("at_risk_episodes", *EPISODE) == [("c1", 1, 8, None, None, "e1")]
    assert past.rows("at_risk_episodes", "may_have_begun_earlier") == [(True,)]


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        ("renewed", "renewed"),
        ("snoozed", "snoozed"),
        ("archived", "archived"),
        ("past due", "past due"),
        ("not won", "no longer won"),
        ("at risk", "moved"),
        (None, "lost"),
    ],
)
def test_a_stay_ends_for_the_reason_that_account_changes_gives(past: Past, outcome: str | None, reason: str) -> None:
    past.publish(1, {1: ENDS_IN_MARCH})
    past.publish(8, {}, outcomes={} if outcome is None else {"e1": outcome})
    assert past.rows("at_risk_episodes", "ended", "ended_because") == [(8, reason)]
    assert past.rows("at_risk_audit", "as_of", "event", "reason") == [(1, "listed", None), (8, "left", reason)]


def test_an_account_that_returns_starts_another_stay(past: Past) -> None:
    past.publish(1, {1: ENDS_IN_MARCH})
    past.publish(8, {}, outcomes={"e1": "snoozed"})
    past.publish(15, {1: ENDS_IN_MARCH})
    assert past.rows("at_risk_episodes", *EPISODE) == [
        ("c1", 1, 1, 8, "snoozed", "e1"),
        ("c1", 15, 15, None, None, "e1"),
    ]


def test_a_stay_has_the_estimate_and_the_value_at_its_beginning_and_at_its_end(past: Past) -> None:
    """at-risk R32."""
    past.publish(1, {1: ENDS_IN_MARCH})
    past.publish(8, {1: ENDS_IN_APRIL})
    past.publish(15, {}, outcomes={"e2": "past due"})
    figures = ("first_estimate_id", "first_estimate_value", "estimate_id", "estimate_value", "estimates")
    assert past.rows("at_risk_episodes", *figures) == [("e1", Decimal("100.00"), "e2", Decimal("250.00"), 2)]
    assert past.rows("at_risk_audit", "as_of", "event", "previous_estimate_id", "estimate_id") == [
        (1, "listed", None, "e1"),
        (8, "changed", "e1", "e2"),
        (15, "left", "e2", None),
    ]


def test_an_unchanged_stay_has_no_event(past: Past) -> None:
    past.publish(1, {1: ENDS_IN_MARCH})
    past.publish(8, {1: ENDS_IN_MARCH})
    past.publish(15, {1: ("e1", "2025-03-01", "101.00")})
    assert past.rows("at_risk_audit", "as_of", "event") == [(1, "listed"), (15, "changed")]


def test_an_account_that_is_gone_with_its_estimate_is_lost(past: Past) -> None:
    past.publish(1, {1: ENDS_IN_MARCH})
    past.publish(8, {}, accounts=(2,))
    assert past.rows("at_risk_episodes", "ended", "ended_because") == [(8, "lost")]


def test_the_reason_stays_known_if_a_run_of_the_same_instant_replaces_the_drop(past: Past) -> None:
    past.publish(1, {1: ENDS_IN_MARCH})
    past.publish(8, {}, outcomes={"e1": "renewed"})
    past.publish(8, {}, mark="b")
    assert past.rows("at_risk_episodes", "ended", "ended_because") == [(8, "renewed")]


def test_a_backfill_without_the_account_splits_its_stay(past: Past) -> None:
    first = past.publish(1, {1: ENDS_IN_MARCH})
    past.publish(15, {1: ENDS_IN_MARCH})
    past.publish(8, {}, outcomes={"e1": "snoozed"}, against=first, late=True)
    assert past.rows("at_risk_episodes", *EPISODE) == [
        ("c1", 1, 1, 8, "snoozed", "e1"),
        ("c1", 15, 15, None, None, "e1"),
    ]


def test_without_the_drop_that_has_it_the_reason_is_unknown(past: Past) -> None:
    past.publish(1, {1: ENDS_IN_MARCH})
    past.publish(8, {}, against=None)
    assert past.rows("at_risk_episodes", "ended", "ended_because") == [(8, "unknown")]


def test_without_drops_there_is_no_history(past: Past) -> None:
    assert (past.rows("at_risk_episodes"), past.rows("at_risk_audit"), past.rows("metric_history")) == ([], [], [])
