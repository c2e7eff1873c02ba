"""D24, D25: account_keys of generated tenants, compared with a plain reading of the sources of each figure."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.customer_success.test_account_ids import crm_only_id
from tests.models.customer_success.worlds import NOW, Row, World
from tests.models.harness import BuiltModels

TODAY = NOW.date()
DAYS = [None, None, *(TODAY + timedelta(days=n) for n in (-1, 0, 30, 180, 181, 400))]
AMOUNTS = [None, Decimal("0"), Decimal("100.00"), Decimal("250.50")]
CRM_IDS = [None, "L1", "L2", "a1", "a2", "a3", "nowhere"]
"""L1 is the lmn_crm_id of a1; a2 is the id of one account and the lmn_crm_id of a3."""


def late(day: date | None) -> datetime | None:
    """The CRM's renewal dates are instants."""
    return day and datetime.combine(day, time(23, 59))


def tenants(rng: random.Random) -> World:
    """Generate customers of two tenants, three CRM accounts and their estimates, with values that match by chance."""
    customers = [
        {
            "organization_id": organization,
            "id": n,
            "crm_id": rng.choice(CRM_IDS),
            "app_id": rng.choice([None, f"app-{n}"]),
            "revenue": rng.choice(AMOUNTS),
            "renewal": rng.choice(DAYS),
            "status": rng.choice([None, "active"]),
        }
        for organization in (1, 2)
        for n in range(1, 6)
    ]
    accounts = [
        {"id": name, "name": name, "lmn_crm_id": lmn_crm_id, "renewal_date": late(rng.choice(DAYS))}
        for name, lmn_crm_id in (("a1", "L1"), ("a2", None), ("a3", "a2"))
    ]
    estimates = [
        {
            "id": f"e{n}",
            "account_id": rng.choice(["a1", "a2", "a3"]),
            "status": rng.choice(["Won", "Won", "Lost"]),
            "archived": rng.choice([None, True]),
            "contract_end": rng.choice(DAYS),
            "total_price": rng.choice(AMOUNTS[1:]),
            "division": rng.choice([None, "Snow"]),
            "address": "1 Elm St",
        }
        for n in range(6)
    ]
    return {("platform", "customer"): customers, ("crm", "accounts"): accounts, ("crm", "estimates"): estimates}


def linked(customer: Row, accounts: list[Row]) -> tuple[Row | None, str]:
    """The CRM account of a customer: by lmn_crm_id, else by id, in the CRM's tenant."""
    if customer["organization_id"] == 1 and customer["crm_id"]:
        for column in ("lmn_crm_id", "id"):
            for account in accounts:
                if account[column] == customer["crm_id"]:
                    return account, column
    return None, "none"


def next_contract_end(name: str, estimates: list[Row]) -> date | None:
    """Return the earliest end from today on of a won, unarchived estimate without a renewal at the same place."""
    ends = [
        (row["contract_end"], row["division"])
        for row in estimates
        if row["account_id"] == name and row["status"] == "Won" and not row["archived"] and row["contract_end"]
    ]
    last = TODAY + timedelta(days=180)
    renewed = {division for end, division in ends if division and end > last}
    standing = [end for end, division in ends if end > last or division not in renewed]
    return min((end for end in standing if end >= TODAY), default=None)


def revenue(name: str, estimates: list[Row]) -> Decimal:
    """Return the revenue of won estimates in 2025; without a start, the whole price counts in the end's year."""
    return sum(
        (
            row["total_price"]
            for row in estimates
            if row["account_id"] == name
            and row["status"] == "Won"
            and (row["contract_end"] is None or row["contract_end"].year == TODAY.year)
        ),
        Decimal("0.00"),
    )


def source(values: dict[str, Any]) -> str:
    """Return the first source that has a value."""
    return next((name for name, value in values.items() if value is not None), "none")


def expected_row(account_id: int, customer: Row | None, account: Row | None, method: str, world: World) -> Row:
    """Return one row of account_keys by the decisions, without the system fields."""
    estimates = world["crm", "estimates"]
    links = [linked(row, world["crm", "accounts"])[0] for row in world["platform", "customer"]]
    ours, theirs = customer or {}, account or {}
    dates = {
        "platform": ours.get("renewal"),
        "crm": theirs["renewal_date"].date() if theirs.get("renewal_date") else None,
        "contract": next_contract_end(account["id"], estimates) if account else None,
    }
    revenues = {"platform": ours.get("revenue"), "crm": revenue(account["id"], estimates) if account else None}
    given = [day for day in dates.values() if day]
    return {
        "account_id": account_id,
        "organization_id": ours.get("organization_id", 1),
        "crm_account_id": theirs.get("id"),
        "lmn_crm_id": theirs.get("lmn_crm_id"),
        "app_id": ours.get("app_id"),
        "link_method": method,
        "customers_on_crm_account": links.count(account) if account else None,
        "revenue_source": source(revenues),
        "platform_revenue": revenues["platform"],
        "crm_revenue": revenues["crm"],
        "renewal_date_source": source(dates),
        "platform_renewal_date": dates["platform"],
        "crm_renewal_date": dates["crm"],
        "contract_renewal_date": dates["contract"],
        "renewal_dates_agree": len(set(given)) == 1 if len(given) > 1 else None,
        "status_source": source({"platform": ours.get("status"), "crm": account and "active"}),
    }


def compare(models: BuiltModels, world: World) -> None:
    models.refill(world)
    accounts = world["crm", "accounts"]
    links = [(customer, *linked(customer, accounts)) for customer in world["platform", "customer"]]
    named = [account["id"] for _, account, _ in links if account]
    expected = [expected_row(row["id"], row, account, method, world) for row, account, method in links]
    expected += [
        expected_row(crm_only_id(account["id"]), None, account, "crm_only", world)
        for account in accounts
        if account["id"] not in named
    ]
    rows = models.rows("account_keys", "organization_id, account_id")
    computed = [{name: row[name] for name in expected[0]} for row in rows]
    assert computed == sorted(expected, key=lambda row: (row["organization_id"], row["account_id"]))
    core = models.rows("account_core", "organization_id, account_id")
    assert [row["revenue"] for row in core] == [
        row["platform_revenue"] if row["revenue_source"] == "platform" else row["crm_revenue"] for row in rows
    ]


@settings(max_examples=15)
@given(rng=st.randoms(use_true_random=False))
def test_keys_agree_with_a_plain_reading(models: BuiltModels, rng: random.Random) -> None:
    compare(models, tenants(rng))


def test_marts_have_both_ids(models: BuiltModels) -> None:
    """D24: the ids of account_keys also join the marts directly."""
    world = tenants(random.Random(1))
    insight = {"id": 1, "data_ref": 1, "type": "churn_risk", "created_at": NOW}
    models.refill({**world, ("platform", "insight"): [insight]})
    keys = {(row["organization_id"], row["account_id"]): row["crm_account_id"] for row in models.rows("account_keys")}
    for mart in ("insight_snapshot", "account_health"):
        rows = models.rows(mart)
        assert rows
        assert all(row["crm_account_id"] == keys[row["organization_id"], row["account_id"]] for row in rows), mart
