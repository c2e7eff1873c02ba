"""Revenue, segments and the at-risk list of generated estimates, compared with a plain reading of the specs.

The generated values crowd at the boundaries: 0, 180 and 181 days; 5 and 15 percent; 12, 13, 24 and 25 months; halves of
cents; the same division and address in other spellings.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from models.harness import BuiltModels, Row, built_models

from models import spec_reading as spec

NOW = datetime(2025, 1, 15, 12, 0, 0)
TODAY = NOW.date()
SELECTED_YEAR = 2024

STATUSES = [
    "Won", "won", " WON ", "Contract Signed", "Work in Progress", "Lost", "Not Sold", "Contract Signed - Draft", None,
]  # fmt: skip
PIPELINES = [None, None, "Sold", "SOLD ", "Lost", "Pending", "Not Sold"]
TYPES = ["Standard", "Service", " standard", "SERVICE", "Other", None]
DIVISIONS = ["Snow", " snow ", "SNOW", "Paving", " ", None]
ADDRESSES = ["1 Elm St", "1  elm\tst", " 1 ELM ST ", "1 Elm Street", "", None]
PERCENTS = [Decimal(n) for n in ("4.99", "5.00", "5.01", "14.99", "15.00", "15.01", "20.00", "50.00", "100.00")]
PRICES = [Decimal(n).scaleb(-2) for n in (0, 1, 2, 3, 5, 7, 50, 99, 100, 10000, 12345, -1, -2, -3, -50, -10000)]
MONTHS = [0, 1, 11, 12, 13, 23, 24, 25, 35, 36, 37, 48, 49, 120]
DAYS_AHEAD = [-400, -1, 0, 1, 179, 180, 181, 500]


def months_after(day: date, months: int) -> date:
    """The same day of the month so many months later, or the month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError(day)


days = st.one_of(
    st.sampled_from([TODAY + timedelta(days=n) for n in DAYS_AHEAD]),
    st.dates(date(2021, 12, 28), date(2026, 1, 3)),
    st.sampled_from([date(2024, 2, 29), date(2025, 1, 31), date(2024, 12, 31), date(2025, 1, 1), date(2000, 1, 1)]),
)


@st.composite
def terms(draw: st.DrawFn) -> dict[str, date | None]:
    """A contract's dates: a term near whole years, an end near the window's ends, any two dates, or one missing."""
    kind = draw(st.sampled_from(["term", "term ending", "two dates", "end", "start", "none"]))
    nudge = timedelta(days=draw(st.sampled_from([-1, 0, 0, 1])))
    months = draw(st.sampled_from(MONTHS))
    if kind == "term":
        start = draw(days)
        return {"contract_start": start, "contract_end": months_after(start, months) + nudge}
    if kind == "term ending":
        end = TODAY + timedelta(days=draw(st.sampled_from(DAYS_AHEAD)))
        return {"contract_start": months_after(end, -months) + nudge, "contract_end": end}
    if kind == "two dates":
        return {"contract_start": draw(days), "contract_end": draw(days)}
    return {
        "contract_start": draw(days) if kind == "start" else None,
        "contract_end": TODAY + timedelta(days=draw(st.sampled_from(DAYS_AHEAD))) if kind == "end" else None,
    }


@st.composite
def estimates(draw: st.DrawFn, accounts: list[str]) -> Row:
    """One estimate, won more often than not; its account may be unknown or missing."""
    price: st.SearchStrategy[Any] = st.sampled_from([*PRICES, *PERCENTS, None])
    return {
        "account_id": draw(st.sampled_from([*accounts, *accounts, *accounts, "unknown", None])),
        "status": draw(st.sampled_from(STATUSES)),
        "pipeline_status": draw(st.sampled_from(PIPELINES)),
        "estimate_type": draw(st.sampled_from(TYPES)),
        "total_price": draw(price),
        "total_price_with_tax": draw(price),
        "division": draw(st.sampled_from(DIVISIONS)),
        "address": draw(st.sampled_from(ADDRESSES)),
        "archived": draw(st.sampled_from([None, False, False, False, True])),
        "exclude_stats": draw(st.booleans()),
        "estimate_date": draw(st.none() | days),
        "created_date": draw(st.none() | days),
        **draw(terms()),
    }


@st.composite
def worlds(draw: st.DrawFn, most_estimates: int = 30) -> dict[tuple[str, str], list[Row]]:
    """Accounts, their estimates and snoozes."""
    names = [f"acc-{n}" for n in range(1, draw(st.integers(1, 6)) + 1)]
    accounts = [
        {
            "id": name,
            "name": name,
            "archived": draw(st.sampled_from([None, False, False, False, True])),
            "status": draw(st.sampled_from(["active", "active", "at_risk", " Archived ", None])),
        }
        for name in names
    ]
    count = draw(st.integers(0, most_estimates))
    found = draw(st.lists(estimates(names), min_size=count, max_size=count))
    for number, estimate in enumerate(found):
        estimate["id"] = f"est-{number * 7 % 101}"  # file order is not the order of ids
    snooze = st.fixed_dictionaries(
        {
            "notification_type": st.sampled_from(["renewal_reminder", "renewal_reminder", "neglected_account"]),
            "related_account_id": st.sampled_from([*names, None]),
            "snoozed_until": st.sampled_from(
                [
                    None,
                    datetime(2025, 1, 15),
                    datetime(2025, 1, 15, 0, 0, 1),
                    datetime(2024, 1, 1),
                    datetime(2026, 1, 1),
                ]
            ),
        }
    )
    snoozes = [{"id": f"s{n}", **row} for n, row in enumerate(draw(st.lists(snooze, max_size=3)))]
    return {("crm", "accounts"): accounts, ("crm", "estimates"): found, ("crm", "notification_snoozes"): snoozes}


@st.composite
def years_by_percent(draw: st.DrawFn) -> dict[tuple[str, str], list[Row]]:
    """Accounts whose revenue in one year is a percentage of a round total, or a cent beside it."""
    total = draw(st.sampled_from([10_000, 100, 2_000_000, 33_333_300]))
    parts = [
        total * percent // 100 + draw(st.sampled_from([-1, 0, 0, 0, 1]))
        for percent in draw(st.lists(st.sampled_from([0, 5, 5, 15, 15]), min_size=1, max_size=6))
    ]
    parts.append(total - sum(parts))
    accounts = [{"id": f"acc-{n}", "name": "A"} for n in range(len(parts))]
    found = [
        {
            "id": f"est-{n}",
            "account_id": f"acc-{n}",
            "status": "won",
            "total_price": Decimal(cents * years).scaleb(-2),
            "contract_start": date(2024, 1, 1),
            "contract_end": date(2023 + years, 12, 31),
            "estimate_type": draw(st.sampled_from(["Service", "Service", "Service", "Standard"])),
        }
        for n, cents in enumerate(parts)
        for years in [draw(st.integers(1, 3))]
    ]
    return {("crm", "accounts"): accounts, ("crm", "estimates"): found}


def big_world(seed: int, accounts: int, per_account: int) -> dict[tuple[str, str], list[Row]]:
    """Many estimates of the same crowded values, with long contracts and prices of any size."""
    rng = random.Random(seed)
    names = [f"acc-{n}" for n in range(accounts)]
    found = []
    for number in range(accounts * per_account):
        start = date(2010, 1, 1) + timedelta(days=rng.randrange(6000))
        months = rng.choice([*MONTHS, rng.randrange(1, 900)])
        end = months_after(start, months) + timedelta(days=rng.choice([-1, 0, 1]))
        found.append(
            {
                "id": f"est-{number * 7919 % 1_000_003}",
                "account_id": rng.choice([*names, None]),
                "status": rng.choice(STATUSES),
                "pipeline_status": rng.choice(PIPELINES),
                "estimate_type": rng.choice(["Service", "Service", "Standard", None]),
                "total_price": rng.choice([*PRICES, None, Decimal(rng.randrange(-(10**9), 10**11)).scaleb(-2)]),
                "total_price_with_tax": rng.choice([None, Decimal("1.13")]),
                "division": rng.choice(DIVISIONS),
                "address": rng.choice(ADDRESSES),
                "archived": rng.choice([None, False, False, True]),
                "estimate_date": rng.choice([None, start]),
                "contract_start": rng.choice([None, start, start, start]),
                "contract_end": rng.choice([None, end, end, TODAY + timedelta(days=rng.choice(DAYS_AHEAD))]),
            }
        )
    return {("crm", "accounts"): [{"id": name, "name": name} for name in names], ("crm", "estimates"): found}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltModels]:
    with built_models(
        tmp_path_factory.mktemp("models"),
        {},
        as_of=NOW.isoformat(sep=" "),
        select=("+accounts",),
        selected_year=SELECTED_YEAR,
    ) as built:
        yield built


def compare(models: BuiltModels, world: dict[tuple[str, str], list[Row]]) -> None:
    """Compute the world with the models and with the plain reading; every account must agree to the character."""
    models.refill(world)
    accounts, found = world["crm", "accounts"], world["crm", "estimates"]
    revenue = spec.revenue_by_year(accounts, found, SELECTED_YEAR)
    segments = spec.segment_by_year(revenue, found, SELECTED_YEAR)
    risk = spec.at_risk(accounts, found, world.get(("crm", "notification_snoozes"), []), NOW)
    computed = {row["id"]: row for row in models.rows("accounts")}
    assert set(computed) == {account["id"] for account in accounts}
    for account, years in revenue.items():
        expected = {
            "revenue_by_year": "{" + ",".join(f'"{year}":{years[year]}' for year in sorted(years)) + "}",
            "segment_by_year": json.dumps(segments[account], sort_keys=True, separators=(",", ":")),
            "annual_revenue": years.get(SELECTED_YEAR, Decimal("0.00")),
            "revenue_segment": segments[account].get(SELECTED_YEAR, "C"),
            "days_until_renewal": next((r["days_until_renewal"] for r in risk if r["account_id"] == account), None),
        }
        assert {name: computed[account][name] for name in expected} == expected, [
            estimate for estimate in found if estimate.get("account_id") == account
        ]
    listed = models.query(
        "select account_id, renewal_date, days_until_renewal, expiring_estimate_id, has_duplicates "
        "from marts.at_risk_accounts order by days_until_renewal, account_id"
    )
    assert listed == risk


@settings(max_examples=80)
@given(world=worlds())
def test_models_agree_with_a_plain_reading(models: BuiltModels, world: dict[tuple[str, str], list[Row]]) -> None:
    compare(models, world)


@settings(max_examples=40)
@given(world=years_by_percent())
def test_segments_agree_at_five_and_fifteen_percent(
    models: BuiltModels, world: dict[tuple[str, str], list[Row]]
) -> None:
    compare(models, world)


@pytest.mark.parametrize("seed", range(3))
def test_models_agree_on_thousands_of_estimates(models: BuiltModels, seed: int) -> None:
    compare(models, big_world(seed, accounts=40, per_account=60))


@pytest.mark.slow
@settings(max_examples=3000)
@given(world=worlds(most_estimates=60))
def test_models_agree_with_a_plain_reading_at_length(
    models: BuiltModels, world: dict[tuple[str, str], list[Row]]
) -> None:
    compare(models, world)
