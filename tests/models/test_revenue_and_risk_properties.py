"""Revenue, segments, won and lost, the lists of generated rows, compared with a plain reading of the specs.

Many generated values are at boundaries: 0, 180 and 181 days ahead; 30, 31, 90 and 91 days ago; 5 and 15 percent;
12, 13, 24 and 25 months; halves of cents; the same division and address in other spellings.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models import spec_reading as spec
from tests.models.harness import BuiltModels, Row, built_models

NOW = datetime(2025, 1, 15, 12, 0, 0)
TODAY = NOW.date()
SELECTED_YEAR = 2024

STATUSES = [
    "Won", "won", " WON ", "Contract Signed", "Work in Progress", "Not Sold", "Contract Signed - Draft", None,
    "Lost", "\tLOSTage", "Estimate Lost", "closed/lost-price", "Ballosted", "Deal lost2", "Verlöst lost",
]  # fmt: skip
PIPELINES = [None, None, "Sold", "SOLD ", " Lost", "Lost deal", "Pending", "Not Sold"]
TYPES = ["Standard", "Service", " standard", "SERVICE", "Other", None]
DIVISIONS = ["Snow", " snow ", "SNOW", "Paving", " ", None]
SALESPEOPLE = ["Ann", " Ann", "ann", "Zoë", "\u00a0", "", None]
ADDRESSES = ["1 Elm St", "1  elm\tst", " 1 ELM ST ", "1 Elm Street", "", None]
PERCENTS = [Decimal(n) for n in ("4.99", "5.00", "5.01", "14.99", "15.00", "15.01", "20.00", "50.00", "100.00")]
PRICES = [Decimal(n).scaleb(-2) for n in (0, 1, 2, 3, 5, 7, 50, 99, 100, 10000, 12345, -1, -2, -3, -50, -10000)]
MONTHS = [0, 1, 11, 12, 13, 23, 24, 25, 35, 36, 37, 48, 49, 120]
DAYS_AHEAD = [-400, -1, 0, 1, 179, 180, 181, 500]
DAYS_AGO = [None, None, -3, 0, 29, 30, 31, 32, 89, 90, 91, 92, 400]
ICP_STATUSES = [None, "required", "required", "required", "na", " NA\t", "n/a"]
SNOOZES = [None, datetime(2025, 1, 15), datetime(2025, 1, 15, 0, 0, 1), datetime(2024, 1, 1), datetime(2026, 1, 1)]

SELECTED = ("+file:accounts.sql", "+neglected_accounts", "+win_loss")
"""The models that `compare` reads; the bare name `accounts` would select the folder too."""

World = dict[tuple[str, str], list[Row]]


def months_after(day: date, months: int) -> date:
    """Return the same day of the month some months later, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError(day)


def some_day(rng: random.Random) -> date:
    """Return a day at the window's ends, a leap day, an end of a year or month, or any day of some years."""
    return rng.choice(
        [
            TODAY + timedelta(days=rng.choice(DAYS_AHEAD)),
            rng.choice([date(2024, 2, 29), date(2025, 1, 31), date(2024, 12, 31), date(2025, 1, 1), date(2000, 1, 1)]),
            date(2021, 12, 28) + timedelta(days=rng.randrange(1500)),
        ]
    )


def some_instant(rng: random.Random) -> datetime | None:
    """Return an instant on a day near the thresholds of neglect, early or late, or None."""
    days = rng.choice(DAYS_AGO)
    at = rng.choice([time(0), time(0, 0, 1), time(12), time(23, 59, 59)])
    return None if days is None else datetime.combine(TODAY - timedelta(days=days), at)


def term(rng: random.Random) -> dict[str, date | None]:
    """Return a contract's dates: near whole years, near the window's ends, any two dates, or one missing."""
    kind = rng.choice(["term", "term ending", "two dates", "end", "start", "none"])
    nudge = timedelta(days=rng.choice([-1, 0, 0, 1]))
    months = rng.choice([*MONTHS, rng.randrange(900)])
    start, end = some_day(rng), TODAY + timedelta(days=rng.choice(DAYS_AHEAD))
    if kind == "term":
        return {"contract_start": start, "contract_end": months_after(start, months) + nudge}
    if kind == "term ending":
        return {"contract_start": max(months_after(end, -months) + nudge, date(2000, 1, 1)), "contract_end": end}
    if kind == "two dates":
        return {"contract_start": start, "contract_end": some_day(rng)}
    return {"contract_start": start if kind == "start" else None, "contract_end": end if kind == "end" else None}


def price(rng: random.Random) -> Decimal | None:
    """Return a few cents, a round percentage, 0, None, or any amount."""
    return rng.choice(
        [rng.choice(PRICES), rng.choice(PERCENTS), None, Decimal(rng.randrange(-(10**9), 10**11)).scaleb(-2)]
    )


def some_world(rng: random.Random, accounts: int, estimates: int) -> World:
    """Generate accounts, snoozes, and mostly won estimates, some without an account."""
    names = [f"acc-{n}" for n in range(accounts)]
    return {
        ("crm", "accounts"): [
            {
                "id": name,
                "name": name,
                "archived": rng.choice([None, False, False, False, True]),
                "status": rng.choice(["active", "active", "active", "at_risk", " Archived ", None]),
                "icp_status": rng.choice(ICP_STATUSES),
                "last_interaction_date": some_instant(rng),
            }
            for name in names
        ],
        ("crm", "notification_snoozes"): [
            {
                "id": f"s{n}",
                "notification_type": rng.choice(["renewal_reminder", "at-risk-account", "neglected_account"]),
                "related_account_id": rng.choice([*names, None]),
                "snoozed_until": rng.choice(SNOOZES),
            }
            for n in range(rng.randrange(accounts))
        ],
        ("crm", "estimates"): [
            {
                "id": f"est-{number * 7919 % 1_000_003}",  # file order is not the order of ids
                "account_id": rng.choice([*names, *names, *names, "unknown", None]),
                "status": rng.choice(STATUSES),
                "pipeline_status": rng.choice(PIPELINES),
                "estimate_type": rng.choice(TYPES),
                "total_price": price(rng),
                "total_price_with_tax": price(rng),
                "division": rng.choice(DIVISIONS),
                "salesperson": rng.choice(SALESPEOPLE),
                "address": rng.choice(ADDRESSES),
                "archived": rng.choice([None, False, False, False, True]),
                "exclude_stats": rng.choice([None, True]),
                "estimate_date": rng.choice([None, some_day(rng)]),
                "created_date": rng.choice([None, some_day(rng)]),
                **term(rng),
            }
            for number in range(estimates)
        ],
    }


def year_of_percents(rng: random.Random, accounts: int) -> World:
    """Generate accounts whose revenue in one year is a percentage of a round total, or a cent more or less."""
    total = rng.choice([10_000, 100, 2_000_000, 33_333_300])
    parts = [total * rng.choice([0, 5, 15]) // 100 + rng.choice([-1, 0, 0, 1]) for _ in range(accounts)]
    parts.append(total - sum(parts))
    terms = [rng.randint(1, 3) for _ in parts]
    return {
        ("crm", "accounts"): [{"id": f"acc-{n}", "name": "A"} for n in range(len(parts))],
        ("crm", "estimates"): [
            {
                "id": f"est-{n}",
                "account_id": f"acc-{n}",
                "status": "won",
                "total_price": Decimal(cents * years).scaleb(-2),
                "contract_start": date(2024, 1, 1),
                "contract_end": date(2023 + years, 12, 31),
                "estimate_type": rng.choice(["Service", "Service", "Service", "Standard"]),
            }
            for n, (cents, years) in enumerate(zip(parts, terms, strict=True))
        ],
    }


def halves_of_cents(rng: random.Random, accounts: int) -> World:
    """Generate accounts whose shares of a few cents, such as thirds and sixths, often add up to exactly half a cent."""
    found = []
    for number in range(accounts * 3):
        years = rng.choice([2, 3, 4, 6, 12, 15, 97, 101])
        found.append(
            {
                "id": f"est-{number}",
                "account_id": f"acc-{number % accounts}",
                "status": "won",
                "total_price": Decimal(rng.randint(-8, 8)).scaleb(-2),
                "contract_start": date(2000, 1, 1),
                "contract_end": date(1999 + years, 12, 31),
            }
        )
    return {
        ("crm", "accounts"): [{"id": f"acc-{n}", "name": "A"} for n in range(accounts)],
        ("crm", "estimates"): found,
    }


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltModels]:
    with built_models(
        tmp_path_factory.mktemp("models"),
        {},
        as_of=NOW.isoformat(sep=" "),
        select=SELECTED,
        selected_year=SELECTED_YEAR,
    ) as built:
        yield built


def compare(models: BuiltModels, world: World) -> None:
    """Compute the world with the models and with the plain reading; every account must be equal."""
    models.refill(world)
    accounts, found = world["crm", "accounts"], world["crm", "estimates"]
    revenue = spec.revenue_by_year(accounts, found, SELECTED_YEAR)
    segments = spec.segment_by_year(revenue, found, SELECTED_YEAR)
    risk = spec.at_risk(accounts, found, world.get(("crm", "notification_snoozes"), []), NOW)
    computed = {row["id"]: row for row in models.rows("accounts")}
    assert set(computed) == {account["id"] for account in accounts}
    for row in accounts:
        account, years = row["id"], revenue[row["id"]]
        decided = spec.total_estimates_by_year(row, found, SELECTED_YEAR)
        expected = {
            "total_estimates_by_year": json.dumps(decided, sort_keys=True, separators=(",", ":")),
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
    counted = models.query(
        "select * exclude (organization_id, extracted_at, data_as_of) from marts.win_loss "
        "order by scope, scope_key, year"
    )
    assert counted == spec.win_loss(accounts, found, SELECTED_YEAR)
    neglected = models.query(
        "select account_id, days_since_interaction, threshold_days, revenue_segment from marts.neglected_accounts "
        "order by days_since_interaction nulls first, account_id"
    )
    snoozes = world.get(("crm", "notification_snoozes"), [])
    assert neglected == spec.neglected(accounts, segments, snoozes, NOW, SELECTED_YEAR)


# random seeds spread the values evenly; a failure shrinks to the fewest accounts and estimates
seeds = st.randoms(use_true_random=True)


@settings(max_examples=20)
@given(rng=seeds, accounts=st.integers(1, 6), estimates=st.integers(0, 40))
def test_models_agree_with_a_plain_reading(
    models: BuiltModels, rng: random.Random, accounts: int, estimates: int
) -> None:
    compare(models, some_world(rng, accounts, estimates))


@settings(max_examples=12)
@given(rng=seeds, accounts=st.integers(1, 6))
def test_segments_agree_at_five_and_fifteen_percent(models: BuiltModels, rng: random.Random, accounts: int) -> None:
    compare(models, year_of_percents(rng, accounts))


@settings(max_examples=15)
@given(rng=seeds, accounts=st.integers(1, 60))
def test_halves_of_cents_round_away_from_zero(models: BuiltModels, rng: random.Random, accounts: int) -> None:
    compare(models, halves_of_cents(rng, accounts))


@pytest.mark.parametrize("seed", range(3))
def test_models_agree_on_thousands_of_estimates(models: BuiltModels, seed: int) -> None:
    compare(models, some_world(random.Random(seed), accounts=300, estimates=2000))


@pytest.mark.slow
@settings(max_examples=2000)
@given(rng=seeds, accounts=st.integers(1, 40), estimates=st.integers(0, 200))
def test_models_agree_with_a_plain_reading_at_length(
    models: BuiltModels, rng: random.Random, accounts: int, estimates: int
) -> None:
    compare(models, some_world(rng, accounts, estimates))
