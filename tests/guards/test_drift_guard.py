"""The drift guard at its thresholds (D42): two drops that differ by an allowed amount, and by one more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pipeline.common.null_counts import NullCounts
from pipeline.contracts.lists import LISTS
from pipeline.guards.drift_guard import judge_drift, judge_gone_organization
from pipeline.guards.drop_figures import Drift, Moved, Pair
from pipeline.guards.findings import Finding
from pipeline.guards.thresholds import guards
from tests.guards.profiles import said

SAME = Pair(Decimal(100), Decimal(100))
QUIET = Drift(
    rows={"accounts": (100, 100)},
    nulls={},
    kept_accounts=Moved(100, 0),
    linked_share=SAME,
    closed_years_moved=Decimal(0),
    closed_years_of_known=Decimal(0),
    current_revenue=SAME,
    current_accounts=5,
    at_risk_accounts=SAME,
    at_risk_value=SAME,
    segments=Moved(100, 0),
    health_labels=Moved(100, 0),
)
"""A week without changes, of an organization that is large enough for every guard."""


def judged(**changes: Any) -> list[Finding]:
    return judge_drift(7, replace(QUIET, **changes), guards())


def pair(before: object, now: object) -> Pair:
    return Pair(Decimal(str(before)), Decimal(str(now)))


def nulls(rows: int, **columns: int) -> NullCounts:
    return NullCounts(rows, columns)


def test_a_quiet_week_has_no_finding() -> None:
    assert judged() == []
    assert judged(linked_share=None, closed_years_moved=None, kept_accounts=Moved(0, 0)) == []


@pytest.mark.parametrize(
    ("accounts", "gone", "level"),
    [(100, 5, None), (100, 6, "warn"), (30, 2, None), (100, 10, "warn"), (100, 11, "stop")],
)
def test_below_95_percent_of_the_accounts_warns_and_below_90_percent_stops(
    accounts: int, gone: int, level: str | None
) -> None:
    found = judged(kept_accounts=Moved(accounts, gone))
    assert said(found) == ([("kept_keys", level, "account_core")] if level else [])
    if level == "stop":
        assert found[0].organization_id == 7
        assert str(found[0]).startswith(
            "guard kept_keys, organization 7, account_core: only 89.0 % of the accounts of the last drop are still "
            "there (100 before, 89 now)\n  To do: see which accounts are gone"
        )


@pytest.mark.parametrize(
    ("before", "now", "level"),
    [(100, "95.1", None), (100, 95, "stop"), (90, 90, None), (90, "89.9", "warn"), (80, 75, "stop"), (80, 99, None)],
)
def test_a_link_rate_warns_below_90_percent_and_stops_on_a_fall_of_five_points(
    before: int, now: object, level: str | None
) -> None:
    found = judged(linked_share=pair(before, now))
    assert said(found) == ([("link_rate", level, "estimates.account_id")] if level else [])
    if level == "warn":
        assert found[0].figures == " (90.0 % before, 89.9 % now)"


@pytest.mark.parametrize(("percent", "level"), [("4.9", None), (5, "warn"), ("24.9", "warn"), (25, "stop")])
def test_closed_years_warn_at_five_percent_and_stop_at_twenty_five(percent: object, level: str | None) -> None:
    found = judged(closed_years_moved=Decimal(str(percent)), closed_years_of_known=Decimal(str(percent)))
    assert said(found) == ([("closed_years", level, "account_revenue_by_year.revenue")] if level else [])


def test_a_selected_year_that_is_neither_that_of_as_of_nor_the_last_one_warns() -> None:
    (finding,) = judged(is_of_one_year=False, other_year=2052)
    assert (finding.guard, finding.level, finding.now) == ("current_revenue", "warn", "2052")


def test_past_revenue_of_new_accounts_stops_nothing() -> None:
    found = judged(closed_years_moved=Decimal(1000))
    assert said(found) == [("closed_years", "warn", "account_revenue_by_year.revenue")]


@pytest.mark.parametrize(
    ("now", "level"), [(149, None), (150, "warn"), (51, None), (50, "warn"), (11, "warn"), (10, "stop"), (2000, "warn")]
)
@pytest.mark.parametrize(
    ("figure", "guard", "place"),
    [
        ("current_revenue", "current_revenue", "account_revenue_by_year.revenue"),
        ("at_risk_accounts", "at_risk", "at_risk_accounts"),
        ("at_risk_value", "at_risk", "at_risk_accounts.estimate_value"),
    ],
)
def test_money_and_accounts_at_risk_warn_at_a_loss_of_half_and_stop_at_nine_tenths(
    figure: str, guard: str, place: str, now: int, level: str | None
) -> None:
    assert said(judged(**{figure: pair(100, now)})) == ([(guard, level, place)] if level else [])


def test_a_finding_has_both_figures() -> None:
    (money,) = judged(current_revenue=pair("1234.5", 100))
    assert (money.says, money.figures) == ("it changed by -92 %", " ($1,234.50 before, $100.00 now)")
    (at_risk,) = judged(at_risk_accounts=pair(1000, 1500))
    assert at_risk.says == "the accounts at risk changed by +50 %"
    assert at_risk.figures == " (1,000 accounts before, 1,500 accounts now)"


@pytest.mark.parametrize(("accounts", "judges"), [(4, False), (5, True)])
def test_money_of_fewer_than_five_accounts_is_not_checked(accounts: int, judges: bool) -> None:
    assert bool(judged(current_accounts=accounts, current_revenue=pair(100, 0))) == judges
    lost = judged(at_risk_accounts=pair(accounts, 0), at_risk_value=pair(100, 0))
    places = ["at_risk_accounts", "at_risk_accounts.estimate_value"]
    assert [finding.place for finding in lost] == (places if judges else [])


@pytest.mark.parametrize(
    ("before", "now", "change"), [(0, 1, 100), (0, 0, 0), (0, -5, 0), (-50, -25, 50), (50, 25, -50)]
)
def test_a_change_is_in_percent_of_the_previous_figure(before: int, now: int, change: int) -> None:
    """Any change from 0 is 100 percent; a negative figure counts by its size."""
    assert pair(before, now).change == change


@pytest.mark.parametrize(
    ("figure", "place"),
    [("segments", "account_revenue_by_year.segment"), ("health_labels", "account_core.health_score_label")],
)
def test_a_move_of_a_quarter_of_the_accounts_warns(figure: str, place: str) -> None:
    assert judged(**{figure: Moved(1000, 249)}) == []
    assert judged(**{figure: Moved(19, 19)}) == []
    (finding,) = judged(**{figure: Moved(20, 5)})
    assert (finding.guard, finding.level, finding.place) == (figure, "warn", place)
    assert finding.says == "it changed for 5 of 20 accounts (25 %)"


@pytest.mark.parametrize(
    ("was", "is_now", "level"),
    [(0, 19, None), (0, 20, "warn"), (49, 100, "stop"), (50, 100, "warn"), (81, 100, None), (50, 30, None)],
)
def test_a_column_that_became_null_stops_and_one_with_more_nulls_warns(
    was: int, is_now: int, level: str | None
) -> None:
    found = judged(nulls={"accounts": (nulls(100, city=was), nulls(100, city=is_now))})
    assert said(found) == ([("null_rate", level, "accounts.city")] if level else [])
    if level:
        assert found[0].figures == f" ({was} % before, {is_now} % now)"


@pytest.mark.parametrize(
    ("before", "now", "is_now", "levels"),
    [(4, 5, 5, []), (5, 4, 4, []), (5, 5, 5, ["stop"]), (19, 100, 50, []), (100, 19, 10, []), (20, 20, 10, ["warn"])],
)
def test_a_null_share_stops_from_five_rows_and_warns_from_twenty(
    before: int, now: int, is_now: int, levels: list[str]
) -> None:
    found = judged(nulls={"accounts": (nulls(before, city=0), nulls(now, city=is_now))})
    assert [finding.level for finding in found] == levels


def test_every_column_is_checked_except_those_of_lists_and_new_ones() -> None:
    before, now = nulls(100, a=0, b=0, c=0), nulls(100, a=100, b=0, c=100, new=100)
    found = judged(nulls=dict.fromkeys((*sorted(LISTS), "accounts", "estimates"), (before, now)))
    assert [finding.place for finding in found] == ["accounts.a", "accounts.c", "estimates.a", "estimates.c"]


def test_a_new_owner_need_not_have_answers_on_the_account() -> None:
    before, now = nulls(100, owner_response_time_hours=0), nulls(100, owner_response_time_hours=100)
    assert judged(nulls={"account_owner_team": (before, now)}) == []


def test_few_revenues_of_the_year_in_january_are_no_finding() -> None:
    counts = {"account_communication_stats": (nulls(100, efficiency_rate=0), nulls(100, efficiency_rate=100))}
    assert judged(nulls=counts, is_of_one_year=False) == []
    assert [finding.level for finding in judged(nulls=counts)] == ["stop"]


@pytest.mark.parametrize(("is_now", "levels"), [(99, []), (100, ["warn"])])
def test_missing_future_dates_warn_but_stop_nothing(is_now: int, levels: list[str]) -> None:
    counts = {"account_communication_stats": (nulls(100, next_meeting_date=40), nulls(100, next_meeting_date=is_now))}
    assert [finding.level for finding in judged(nulls=counts)] == levels


def test_the_rows_of_every_export_are_checked_except_lists() -> None:
    rows: Mapping[str, tuple[int, int]] = dict.fromkeys((*sorted(LISTS), "accounts", "estimates"), (100, 10))
    assert said(judged(rows=rows)) == [("rows", "stop", "accounts"), ("rows", "stop", "estimates")]


def test_an_organization_without_a_row_stops() -> None:
    finding = judge_gone_organization(3, 1234, guards())
    assert (finding.guard, finding.level, finding.organization_id) == ("kept_keys", "stop", 3)
    assert str(finding).startswith(
        "guard kept_keys, organization 3, account_core: the organization has no rows any more (1,234 accounts before, "
        "none now)"
    )
