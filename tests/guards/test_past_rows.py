"""D42: past rows that appear or disappear."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pipeline.guards.past_rows import FIRST_DAY, PERIOD_DAYS
from tests.guards.profiles import LAST_WEEK, judged, profile

OVER = (LAST_WEEK.date() - FIRST_DAY).days // PERIOD_DAYS - 2
"""The last period that had been over for four weeks when the table was last published."""


def warned(now: Mapping[int, int], before: Mapping[int, int], **sampled: int) -> list[str | None]:
    after, earlier = (
        profile("platform.email_prop", periods={str(at): rows for at, rows in counts.items()}, **changes)
        for counts, changes in ((now, {}), (before, sampled))
    )
    return [one.now for one in judged(after, earlier) if one.guard == "past_rows"]


@pytest.mark.parametrize(("rows", "warns"), [(95, True), (96, False), (104, False), (105, True)])
def test_one_in_twenty_past_rows_added_or_removed_warns(rows: int, warns: bool) -> None:
    assert bool(warned({OVER: rows - 10, OVER - 9: 10}, {OVER: 100})) is warns


def test_recent_rows_and_few_rows_are_not_checked() -> None:
    assert warned({OVER: 50, OVER + 1: 99, OVER + 2: 9}, {OVER: 50, OVER + 1: 9}) == []
    assert warned({OVER: 9}, {OVER: 49}) == []


def test_past_rows_of_a_new_organization_are_no_finding() -> None:
    assert warned({OVER: 100}, {OVER: 50}, sampled_tenants=2) == []


@pytest.mark.parametrize(("rows", "warns"), [(200, False), (229, False), (230, True)])
def test_a_table_sampled_at_another_rate_may_differ_by_chance(rows: int, warns: bool) -> None:
    assert bool(warned({OVER: rows}, {OVER: 100}, sampled_one_in=2)) is warns


@pytest.mark.parametrize(
    ("rows", "users", "warns"), [(16, {"1/7": 50}, False), (15, {"1/7": 50}, True), (16, {}, True)]
)
def test_past_rows_of_a_newly_connected_mailbox_are_no_finding(
    rows: int, users: Mapping[str, int], warns: bool
) -> None:
    before = profile("platform.email_prop", periods={str(OVER): 100}, busy_users=users)
    now = profile("platform.email_prop", periods={str(OVER): 120}, busy_users={**users, "1/9": rows})
    assert any(one.guard == "past_rows" for one in judged(now, before)) is warns
