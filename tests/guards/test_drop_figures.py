"""The figures that the drift guard compares, measured on two small drops made row by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.guards.drop_figures import Drift, DropFiles, Moved, Pair, measure_drift
from tests.drops.weeks import LAST_WEEK, Rows, core, crm, drop_files

Measure = Callable[[Mapping[str, Rows], Mapping[str, Rows]], Drift]


@pytest.fixture
def measure(tmp_path: Path) -> Measure:
    """Return a function that measures the differences between last week's and this week's exports."""

    def between(before: Mapping[str, Rows], now: Mapping[str, Rows]) -> Drift:
        return measure_drift(
            drop_files(tmp_path / "now", **now), drop_files(tmp_path / "before", as_of=LAST_WEEK, **before)
        )

    return between


def year(account: str, year: int, revenue: int, segment: str = "C") -> dict[str, Any]:
    return {"account_id": account, "year": year, "revenue": Decimal(revenue), "segment": segment}


def estimate(id_: str, account: str | None, price: int, is_won: bool = True) -> dict[str, Any]:
    return {"id": id_, "account_id": account, "price_used": Decimal(price), "is_won": is_won}


def risk(account: str, day: date, value: int) -> dict[str, Any]:
    return {"account_id": account, "renewal_date": day, "estimate_value": Decimal(value)}


def pair(before: int, now: int) -> Pair:
    return Pair(Decimal(before), Decimal(now))


def test_missing_accounts_are_counted_and_new_ones_are_not(measure: Measure) -> None:
    drift = measure({"account_core": [core(1), core(2), core(3)]}, {"account_core": [core(2), core(4)]})
    assert drift.kept_accounts == Moved(3, 2)


def test_a_health_label_moves_if_it_differs_appears_or_disappears(measure: Measure) -> None:
    labels = [("Red", "Red"), ("Red", "Green"), (None, "Red"), ("Red", None), (None, None)]
    before = [core(n, health_score_label=was) for n, (was, _) in enumerate(labels)]
    now = [core(n, health_score_label=is_now) for n, (_, is_now) in enumerate(labels)]
    assert measure({"account_core": [*before, core(9)]}, {"account_core": now}).health_labels == Moved(5, 3)


def test_two_drops_have_one_year_if_both_selected_it(tmp_path: Path) -> None:
    drops = [drop_files(tmp_path / str(year), datetime(year, 1, 8, tzinfo=UTC)) for year in (2024, 2025)]
    assert [measure_drift(drops[1], before).is_of_one_year for before in drops] == [False, True]


@pytest.mark.parametrize(("selected", "other"), [(2024, None), (2025, None), (2052, 2052)])
def test_a_year_is_unexpected_if_neither_the_last_drop_nor_as_of_has_it(
    tmp_path: Path, selected: int, other: int | None
) -> None:
    before, now = (drop_files(tmp_path / str(year), datetime(year, 1, 8, tzinfo=UTC)) for year in (2024, 2025))
    assert measure_drift(replace(now, selected_year=selected), before).other_year == other


def test_a_segment_moves_in_the_selected_year_and_a_missing_one_is_c(measure: Measure) -> None:
    """D12: a year without revenue is C."""
    accounts = [crm(n) for n in range(1, 5)]
    before = [year("c1", 2025, 9, "A"), year("c2", 2025, 9, "A"), year("c3", 2025, 9, "C"), year("c4", 2024, 9, "A")]
    now = [year("c1", 2025, 9, "A"), year("c2", 2025, 9, "B"), year("c4", 2024, 9, "B")]
    drift = measure(
        {"accounts": [*accounts, crm(5)], "account_revenue_by_year": before},
        {"accounts": accounts, "account_revenue_by_year": now},
    )
    assert drift.segments == Moved(4, 1)


def test_the_linked_share_is_of_won_money(measure: Measure) -> None:
    before = [estimate("e1", "c1", 60), estimate("e2", None, 40), estimate("e3", None, 900, is_won=False)]
    now = [estimate("e1", "c1", 60), estimate("e2", "c2", 40)]
    assert measure({"estimates": before}, {"estimates": now}).linked_share == pair(60, 100)


@pytest.mark.parametrize("price", [0, -5])
def test_without_won_money_there_is_no_share(measure: Measure, price: int) -> None:
    assert (
        measure({"estimates": [estimate("e", "c1", 5)]}, {"estimates": [estimate("e", "c1", price)]}).linked_share
        is None
    )


def test_a_first_share_counts_as_the_previous_one(measure: Measure) -> None:
    now = [estimate("e1", "c1", 3), estimate("e2", None, 1)]
    assert measure({}, {"estimates": now}).linked_share == pair(75, 75)


def test_closed_years_are_compared_year_by_year_whatever_the_sign(measure: Measure) -> None:
    """Of 300 before, 2023 lost 30, 2022 gained 30, 2021 added 15: a quarter changed; the current year is left out."""
    before = [year("c1", 2023, 100), year("c2", 2023, 100), year("c1", 2022, 100), year("c1", 2025, 500)]
    now = [year("c1", 2023, 170), year("c1", 2022, 130), year("c1", 2021, 15), year("c1", 2025, 900)]
    assert measure({"account_revenue_by_year": before}, {"account_revenue_by_year": now}).closed_years_moved == 25


def test_a_new_accounts_past_revenue_is_counted_separately(measure: Measure) -> None:
    before = {"accounts": [crm(1)], "account_revenue_by_year": [year("c1", 2023, 100)]}
    now = [year("c1", 2023, 110), year("c2", 2023, 900)]
    drift = measure(before, {"accounts": [crm(1), crm(2)], "account_revenue_by_year": now})
    assert (drift.closed_years_moved, drift.closed_years_of_known) == (910, 10)


def test_without_closed_years_before_nothing_moved(measure: Measure) -> None:
    assert measure({}, {"account_revenue_by_year": [year("c1", 2023, 5)]}).closed_years_moved is None


def test_the_year_that_closed_between_two_drops_is_not_closed_yet(tmp_path: Path) -> None:
    rows = {"account_revenue_by_year": [year("c1", 2023, 100), year("c1", 2024, 100)]}
    more = {"account_revenue_by_year": [year("c1", 2023, 100), year("c1", 2024, 300)]}
    before = drop_files(tmp_path / "before", datetime(2024, 12, 31, tzinfo=UTC), **rows)
    now = drop_files(tmp_path / "now", datetime(2025, 1, 7, tzinfo=UTC), **more)
    assert measure_drift(now, before).closed_years_moved == 0


def test_current_revenue_is_of_the_selected_year(measure: Measure) -> None:
    before = [year("c1", 2025, 100), year("c2", 2025, 50), year("c1", 2024, 7)]
    drift = measure({"account_revenue_by_year": before}, {"account_revenue_by_year": [year("c1", 2025, 90)]})
    assert (drift.current_revenue, drift.current_accounts) == (pair(150, 90), 2)


def test_contracts_that_ended_meanwhile_have_left_the_list_as_expected(measure: Measure) -> None:
    ended, today = date(2025, 1, 14), date(2025, 1, 15)
    before = [risk("c1", ended, 100), risk("c2", today, 10), risk("c3", today, 5)]
    drift = measure({"at_risk_accounts": before}, {"at_risk_accounts": [risk("c2", today, 10)]})
    assert (drift.at_risk_accounts, drift.at_risk_value) == (pair(2, 1), pair(15, 10))


def test_rows_and_nulls_are_counted_for_every_export_of_this_week(measure: Measure) -> None:
    drift = measure({"accounts": [crm(1), crm(2, city="Guelph")]}, {"accounts": [crm(1)]})
    assert drift.rows["accounts"] == (2, 1)
    was, is_now = drift.nulls["accounts"]
    assert (was.rows, was.nulls["city"], is_now.rows, is_now.nulls["city"]) == (2, 1, 1, 1)
    assert (was.nulls["id"], set(drift.rows)) == (0, set(drift.nulls))


def test_an_export_that_one_drop_lacks_has_no_rows_there(tmp_path: Path) -> None:
    now = drop_files(tmp_path / "now", accounts=[crm(1)], account_core=[core(1)])
    drift = measure_drift(now, DropFiles({}, LAST_WEEK, 2025))
    assert (drift.rows["accounts"], drift.nulls, drift.kept_accounts) == ((0, 1), {}, Moved(0, 0))
    gone = measure_drift(DropFiles({}, LAST_WEEK, 2025), now)
    assert (gone.rows, gone.kept_accounts, gone.current_revenue) == ({}, Moved(1, 1), pair(0, 0))


def test_two_empty_drops_have_no_figures() -> None:
    empty = DropFiles({}, LAST_WEEK, 2025)
    drift = measure_drift(empty, empty)
    assert (drift.rows, drift.nulls, drift.linked_share, drift.closed_years_moved) == ({}, {}, None, None)
    assert drift.kept_accounts == drift.segments == drift.health_labels == Moved(0, 0)
    assert drift.current_revenue == drift.at_risk_accounts == drift.at_risk_value == pair(0, 0)
    assert drift.current_accounts == 0
