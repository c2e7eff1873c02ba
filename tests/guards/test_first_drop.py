"""The drift guard on first drops, which have no previous one: measured on drops made row by row."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.guards.first_drop import FirstFigures, judge_first_drops, measure_first_drops
from pipeline.guards.thresholds import guards
from tests.drops.weeks import drop_files
from tests.guards.profiles import said

SOUND = FirstFigures(
    selected_year=2025,
    won=Decimal(100),
    linked=Decimal(90),
    largest=Decimal(30),
    won_estimates=4,
    won_with_end=2,
    current_revenue=Decimal(101),
    most_revenue=Decimal(1000),
    accounts_with_revenue=5,
    platform_accounts=3,
    crm_accounts=1,
    linked_accounts=2,
)


def judged(figures: dict[int, FirstFigures], *first: int) -> list[tuple[str, str, str]]:
    return said(list(judge_first_drops(figures, first or [*figures], guards())))


def figures(**changes: Any) -> dict[int, FirstFigures]:
    return {1: FirstFigures(**{**vars(SOUND), **changes})}


def test_a_sound_first_drop_has_no_finding() -> None:
    assert judged({1: SOUND, 2: FirstFigures(2025)}) == []


@pytest.mark.parametrize(("linked", "warns"), [("90", False), ("89.9", True), ("0", True)])
def test_less_than_90_percent_of_won_money_linked_warns(linked: str, warns: bool) -> None:
    found = judged(figures(linked=Decimal(linked)))
    assert found == ([("link_rate", "warn", "estimates.account_id")] if warns else [])


@pytest.mark.parametrize(
    ("revenue", "accounts", "warns"), [(101, 5, False), (100, 5, True), (0, 5, True), (0, 4, False)]
)
def test_a_selected_year_with_a_tenth_of_another_years_revenue_warns(revenue: int, accounts: int, warns: bool) -> None:
    found = judged(figures(current_revenue=Decimal(revenue), accounts_with_revenue=accounts))
    assert found == ([("current_revenue", "warn", "account_revenue_by_year.revenue")] if warns else [])


def test_a_crm_whose_organization_the_platform_does_not_know_warns() -> None:
    apart = figures(platform_accounts=0)[1]
    warning = [("crm_organization", "warn", "account_keys.link_method")]
    assert judged({99: apart, 1: SOUND}) == warning
    assert judged({99: apart, 1: SOUND}, 99) == warning  # the other one already has a drop
    assert judged({99: apart}) == []  # no platform at all


@pytest.mark.parametrize(
    ("largest", "estimates", "accounts", "warns"),
    [("90", 20, 20, False), ("90.1", 20, 20, True), ("100", 19, 20, False), ("100", 20, 19, False)],
)
def test_won_money_of_a_single_account_warns(largest: str, estimates: int, accounts: int, warns: bool) -> None:
    found = judged(
        figures(largest=Decimal(largest), linked=Decimal(95), won_estimates=estimates, crm_accounts=accounts - 3)
    )
    assert found == ([("link_rate", "warn", "estimates.account_id")] if warns else [])


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"won": Decimal(0), "linked": None, "largest": None}, ("current_revenue", "warn", "estimates.price_used")),
        ({"won": Decimal(-5), "linked": None, "largest": None}, ("current_revenue", "warn", "estimates.price_used")),
        ({"won_with_end": 0}, ("at_risk", "warn", "estimates.contract_end")),
    ],
)
def test_won_estimates_without_a_price_above_nothing_or_an_end_warn(
    changes: dict[str, Any], warning: tuple[str, str, str]
) -> None:
    assert judged(figures(won_estimates=20, **changes)) == [warning]
    assert judged(figures(won_estimates=19, **changes)) == []


@pytest.mark.parametrize(
    ("platform", "crm", "linked", "warns"),
    [
        (10, 10, 0, True),
        (100, 90, 10, False),
        (100, 91, 9, True),
        (9, 9, 0, False),
        (50, 0, 10, False),
        (10, 90, 10, False),
    ],
)
def test_hardly_any_linked_customers_warn(platform: int, crm: int, linked: int, warns: bool) -> None:
    found = judged(figures(platform_accounts=platform, crm_accounts=crm, linked_accounts=linked))
    assert found == ([("unknown_ids", "warn", "account_keys.link_method")] if warns else [])


def test_figures_are_measured_per_drop(tmp_path: Path) -> None:
    rows = [("c1", 60, True, date(2025, 12, 31)), (None, 40, True, None), (None, 900, False, None)]
    estimates = [
        {"account_id": account, "price_used": Decimal(price), "is_won": is_won, "contract_end": end}
        for account, price, is_won, end in rows
    ]
    revenue = [
        {"account_id": account, "year": year, "revenue": Decimal(amount)}
        for account, year, amount in [("c1", 2025, 7), ("c1", 2024, 5), ("c2", 2024, 1), ("c3", 2024, 0)]
    ]
    keys = [{"account_id": n, "link_method": how} for n, how in enumerate(["id", "none", "crm_only"])]
    drops = {
        1: drop_files(tmp_path / "[1]", estimates=estimates, account_revenue_by_year=revenue, account_keys=keys),
        2: drop_files(tmp_path / "2", account_keys=[{"account_id": 9, "link_method": "none"}]),
    }
    measured = measure_first_drops(drops)
    assert measured[1] == FirstFigures(
        selected_year=2025,
        won=Decimal(100),
        linked=Decimal(60),
        largest=Decimal(60),
        won_estimates=2,
        won_with_end=1,
        current_revenue=Decimal(7),
        most_revenue=Decimal(6),
        accounts_with_revenue=2,
        platform_accounts=2,
        crm_accounts=1,
        linked_accounts=1,
    )
    assert measured[2] == FirstFigures(2025, platform_accounts=1)
