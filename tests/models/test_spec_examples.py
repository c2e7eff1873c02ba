"""The worked examples of the three specs on whole models, with the errata of decisions.md."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal

import pytest

from tests.models.harness import BuiltModels, Row, Tables, built_models

Examples = Callable[..., BuiltModels]


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Examples]:
    """Return a function that fills the models with an example's rows, as of 2025-01-15 by default."""
    opened = {}
    built: dict[tuple[str, str], BuiltModels] = {}

    def fill(tables: Tables, as_of: str = "2025-01-15 12:00:00", price_preference: str = "total_price") -> BuiltModels:
        key = (as_of, price_preference)
        if key not in built:
            opened[key] = built_models(
                tmp_path_factory.mktemp("examples"),
                {},
                as_of=as_of,
                selected_year=2024,
                price_preference=price_preference,
                select=("+file:accounts.sql", "+notification_cache"),  # a bare name would select the folder too
            )
            built[key] = opened[key].__enter__()
        built[key].refill(tables)
        return built[key]

    yield fill
    for models in opened.values():
        models.__exit__(None, None, None)


def account(id_: str, **columns: object) -> Row:
    return {"id": id_, "name": id_, **columns}


def crm(
    accounts: list[Row], estimates: list[Row], snoozes: list[Row] | None = None
) -> dict[tuple[str, str], list[Row]]:
    return {
        ("crm", "accounts"): accounts,
        ("crm", "estimates"): [{"id": f"est-{n}", **estimate} for n, estimate in enumerate(estimates, 1)],
        ("crm", "notification_snoozes"): snoozes or [],
    }


def only(rows: list[Row]) -> Row:
    assert len(rows) == 1, rows
    return rows[0]


def test_accounts_example_1_basic_account(examples: Examples) -> None:
    """accounts R5, R6, R7, R12, AC1, AC2: $50,000 in 2024, segment A."""
    acme = account("acc-1", name="Acme Corp", account_type="customer", status="active", organization_score="85")
    term = {"contract_start": "2024-01-01", "contract_end": "2024-12-31"}
    models = examples(
        crm([acme], [{"account_id": "acc-1", "status": "won", "total_price_with_tax": "50000", **term}]),
        price_preference="total_price_with_tax",
    )
    shown = only(models.rows("accounts"))
    assert (shown["annual_revenue"], shown["revenue_segment"]) == (Decimal("50000.00"), "A")
    assert (shown["organization_score"], shown["is_customer"], shown["is_archived"]) == (Decimal("85.00"), True, False)


def test_accounts_example_2_multi_year_contract(examples: Examples) -> None:
    """accounts R10, R21, R22, AC3: 24 months are 2 years, $60,000 in each."""
    estimate = {
        "account_id": "acc-1",
        "status": "won",
        "total_price_with_tax": "120000",
        "contract_start": "2024-01-01",
        "contract_end": "2025-12-31",
    }
    models = examples(crm([account("acc-1")], [estimate]))
    computed = only(models.rows("estimates"))
    assert (computed["duration_months"], computed["contract_years"]) == (24, 2)
    assert only(models.rows("accounts"))["revenue_by_year"] == '{"2024":60000.00,"2025":60000.00}'


def test_accounts_example_3_typo(examples: Examples) -> None:
    """accounts R24, R25, R26, R27, AC10: 13 months, 2 years, flagged, nothing corrected."""
    estimate = {"status": "won", "contract_start": "2024-10-01", "contract_end": "2025-10-15"}
    computed = only(examples(crm([], [estimate])).rows("estimates"))
    assert (computed["duration_months"], computed["contract_years"], computed["is_duration_typo"]) == (13, 2, True)
    assert (computed["contract_start"], computed["contract_end"]) == (date(2024, 10, 1), date(2025, 10, 15))


def test_accounts_example_4_archive_conflict(examples: Examples) -> None:
    """accounts R1, R2, AC7: the flag makes it archived, whatever the status says."""
    old = account("acc-2", name="Old Corp", status="active", archived=True)
    shown = only(examples(crm([old], [])).rows("accounts"))
    assert (shown["is_archived"], shown["status"]) == (True, "active")


@pytest.mark.parametrize(("preference", "fallback"), [("total_price_with_tax", True), ("total_price", False)])
def test_accounts_example_5_price_fallback(examples: Examples, preference: str, fallback: bool) -> None:
    """accounts R7, R8, R9, AC6: the base price if there is none with tax; a fallback if that is preferred."""
    estimate = {
        "account_id": "acc-1",
        "status": "won",
        "total_price": "45000",
        "contract_start": "2024-01-01",
        "contract_end": "2024-12-31",
    }
    computed = only(examples(crm([account("acc-1")], [estimate]), price_preference=preference).rows("estimates"))
    assert (computed["price_used"], computed["price_fallback"]) == (Decimal("45000.00"), fallback)


def test_accounts_example_6_people(examples: Examples) -> None:
    """accounts R29, AC8: salespeople and estimators, each in a column to filter by."""
    estimate = {"account_id": "acc-3", "salesperson": "John Doe", "estimator": "Jane Smith"}
    shown = only(examples(crm([account("acc-3")], [estimate])).rows("accounts"))
    assert (shown["salespeople"], shown["estimators"]) == ('["John Doe"]', '["Jane Smith"]')


def test_accounts_example_7_project_only(examples: Examples) -> None:
    """accounts R15, R16, AC4, AC5: 1 percent of $1,000,000, and yet D."""
    won = {"status": "won", "contract_start": "2024-01-01", "contract_end": "2024-12-31"}
    models = examples(
        crm(
            [account("project"), account("rest")],
            [
                {"account_id": "project", "estimate_type": "Standard", "total_price": "4000", **won},
                {"account_id": "project", "estimate_type": "Standard", "total_price": "6000", **won},
                {"account_id": "rest", "estimate_type": "Service", "total_price": "990000", **won},
            ],
        )
    )
    by_account = {row["account_id"]: row for row in models.rows("account_revenue_by_year")}
    assert by_account["project"]["total"] == Decimal("1000000.00")
    assert (by_account["project"]["share"], by_account["project"]["segment"]) == (Decimal("0.010000"), "D")


def test_accounts_example_8_at_risk(examples: Examples) -> None:
    """accounts R31, R32, AC9, at-risk R31: the at-risk list decides, not the account's status."""
    models = examples(
        crm(
            [account("acc-4", status="active", archived=False), account("acc-5", status="at_risk")],
            [{"account_id": "acc-4", "status": "won", "contract_end": "2025-04-15"}],
        )
    )
    shown = {row["id"]: (row["is_at_risk"], row["days_until_renewal"]) for row in models.rows("accounts")}
    assert shown == {"acc-4": (True, 90), "acc-5": (False, None)}


def test_contracts_example_segments_change_by_year(examples: Examples) -> None:
    """contracts segments, segment_by_year, AC4: 20, 5 and 2.5 percent of each year's own total are A, B and C."""
    prices = {2024: ("100000", "400000"), 2025: ("100000", "1900000"), 2026: ("50000", "1950000")}
    estimates = [
        {
            "account_id": name,
            "status": "won",
            "estimate_type": "Service",
            "total_price": price,
            "contract_start": f"{year}-01-01",
            "contract_end": f"{year}-12-31",
        }
        for year, both in prices.items()
        for name, price in zip(("one", "rest"), both, strict=True)
    ]
    models = examples(crm([account("one"), account("rest")], estimates))
    shown = next(row for row in models.rows("accounts") if row["id"] == "one")
    assert shown["segment_by_year"] == '{"2024":"A","2025":"B","2026":"C"}'
    assert shown["revenue_by_year"] == '{"2024":100000.00,"2025":100000.00,"2026":50000.00}'


def at_risk(models: BuiltModels) -> list[Row]:
    return models.rows("at_risk_accounts")


def test_at_risk_example_1_is_a_day_too_far(examples: Examples) -> None:
    """at-risk R5, R6, AC1: 2025-07-15 is 181 days away (erratum), a day earlier is within."""
    won = {"account_id": "acc-1", "status": "won"}
    assert at_risk(examples(crm([account("acc-1")], [{**won, "contract_end": "2025-07-15"}]))) == []
    found = only(at_risk(examples(crm([account("acc-1")], [{**won, "contract_end": "2025-07-14"}]))))
    assert (found["days_until_renewal"], found["expiring_estimate_id"]) == (180, "est-1")


def test_at_risk_example_2_past_due(examples: Examples) -> None:
    """at-risk R6a, AC1: 45 days ago is out."""
    past = {"account_id": "acc-2", "status": "won", "contract_end": "2024-12-01"}
    assert at_risk(examples(crm([account("acc-2")], [past]))) == []


def test_at_risk_example_3_renewal(examples: Examples) -> None:
    """at-risk R8, R9, R10, AC4: the same division and address until 2026 (137 and 502 days, erratum)."""
    same = {"account_id": "acc-3", "status": "won", "division": "Landscaping", "address": "123 Main St"}
    models = examples(
        crm([account("acc-3")], [{**same, "contract_end": "2025-06-01"}, {**same, "contract_end": "2026-06-01"}])
    )
    assert at_risk(models) == []
    days = models.query("select days_until_renewal, excluded_by from intermediate.int_renewals__candidates order by 1")
    assert days == [
        {"days_until_renewal": 137, "excluded_by": "R8"},
        {"days_until_renewal": 502, "excluded_by": "R5"},
    ]


def test_at_risk_example_4_soonest(examples: Examples) -> None:
    """at-risk R11, AC5: est-4b in 106 days; est-4a is 198 days away (erratum) and not at risk."""
    won = {"account_id": "acc-4", "status": "won"}
    estimates = [
        {"id": "est-4a", **won, "contract_end": "2025-08-01", "division": "Snow", "address": "456 Oak Ave"},
        {"id": "est-4b", **won, "contract_end": "2025-05-01", "division": "Tree Care", "address": "789 Pine Rd"},
    ]
    found = only(at_risk(examples(crm([account("acc-4")], estimates))))
    assert (found["expiring_estimate_id"], found["days_until_renewal"]) == ("est-4b", 106)
    assert (found["renewal_date"], found["division"], found["address"]) == (
        date(2025, 5, 1),
        "Tree Care",
        "789 Pine Rd",
    )


def test_at_risk_example_5_only_contracts_at_risk_are_duplicates(examples: Examples) -> None:
    """at-risk R13, R14, AC6: one contract at risk is no duplicate; two are, and the account stays on the list.

    The example has 167, 181 and 198 days (erratum) and lists the account, but overlooks that by R8 and D20 the two
    later contracts renew the first. The rule decides; without them the example's outcome is right.
    """
    same = {"account_id": "acc-5", "status": "won", "division": "Maintenance", "address": "100 Elm St"}
    ends = ["2025-07-01", "2025-07-15", "2025-08-01"]
    models = examples(crm([account("acc-5")], [{**same, "contract_end": ends[0]}]))
    assert (only(at_risk(models))["days_until_renewal"], only(at_risk(models))["has_duplicates"]) == (167, False)
    models = examples(crm([account("acc-5")], [{**same, "contract_end": end} for end in ends]))
    assert at_risk(models) == []
    models = examples(crm([account("acc-5")], [{**same, "contract_end": end} for end in ("2025-07-01", "2025-07-02")]))
    assert only(at_risk(models))["has_duplicates"]


def test_at_risk_example_6_snoozed(examples: Examples) -> None:
    """at-risk R7, AC3: a snooze until 2025-02-01."""
    snooze = {
        "id": "s",
        "notification_type": "renewal_reminder",
        "related_account_id": "acc-6",
        "snoozed_until": "2025-02-01",
    }
    estimate = {"account_id": "acc-6", "status": "won", "contract_end": "2025-07-01"}
    assert at_risk(examples(crm([account("acc-6")], [estimate], [snooze]))) == []
    assert only(at_risk(examples(crm([account("acc-6")], [estimate]))))["days_until_renewal"] == 167


def test_at_risk_example_7_exactly_180_days(examples: Examples) -> None:
    """at-risk R6, AC1: 2025-07-15 as seen on 2025-01-16."""
    estimate = {"account_id": "acc-7", "status": "won", "contract_end": "2025-07-15"}
    found = only(at_risk(examples(crm([account("acc-7")], [estimate]), as_of="2025-01-16 12:00:00")))
    assert found["days_until_renewal"] == 180


def test_at_risk_example_8_the_cache_has_its_expiry(examples: Examples) -> None:
    """at-risk R16, R19, R22, R24, AC7, AC9: the list, the soonest first, with the instant after which it is stale."""
    estimates = [
        {"account_id": name, "status": "won", "contract_end": end}
        for name, end in (("late", "2025-07-01"), ("soon", "2025-02-01"))
    ]
    models = examples(crm([account("late"), account("soon")], estimates))
    cache = only(models.query("select * from marts.notification_cache where cache_key = 'at-risk-accounts'"))
    assert [entry["account_id"] for entry in json.loads(cache["cache_data"])["accounts"]] == ["soon", "late"]
    assert (str(cache["updated_at"]), str(cache["expires_at"])) == ("2025-01-15 12:00:00", "2025-01-15 12:05:00")


def test_at_risk_archived_accounts_are_out(examples: Examples) -> None:
    """at-risk R1, AC2, accounts R3, D18: by flag or by status (Conflict 1)."""
    accounts = [account("flag", archived=True), account("status", status="Archived"), account("active")]
    estimates = [
        {"account_id": name, "status": "won", "contract_end": "2025-03-01"} for name in ("flag", "status", "active")
    ]
    assert only(at_risk(examples(crm(accounts, estimates))))["account_id"] == "active"
