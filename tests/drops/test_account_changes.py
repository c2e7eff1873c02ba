"""`account_changes`: which changes of an account are listed, at their thresholds, and why it left the at-risk list."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.common.errors import WarehouseError
from pipeline.contracts.changes import account_changes_contract
from pipeline.drops.account_changes import OUTCOMES, DropPair, account_changes, changes_of_all, require_contract
from tests.drops.weeks import LAST_WEEK, THIS_WEEK, Rows, core, crm, drop_files

Listed = tuple[str, str | None, str | None, str | None]


def changes(folder: Path, before: dict[str, Rows], now: dict[str, Rows], outcomes: Rows | None = None) -> list[Listed]:
    """Return change, before, after and detail of each row."""
    found = account_changes(
        1,
        drop_files(folder / "now", THIS_WEEK, **now),
        drop_files(folder / "before", LAST_WEEK, **before),
        None if outcomes is None else pa.Table.from_pylist([dict(row) for row in outcomes], OUTCOMES),
    )
    require_contract(found, 1)
    return [(row["change"], row["before"], row["after"], row["detail"]) for row in found.to_pylist()]


def of_core(folder: Path, before: dict[str, Any], now: dict[str, Any]) -> list[Listed]:
    """Return the changes of one account of account_core."""
    return changes(folder, {"account_core": [core(7, **before)]}, {"account_core": [core(7, **now)]})


def test_the_same_account_a_week_later_has_no_change(tmp_path: Path) -> None:
    columns = {"health_score": Decimal("70.00"), "insight_churn_risk": True, "revenue": Decimal("5.00")}
    assert of_core(tmp_path, columns, columns) == []


def test_accounts_appear_and_go_with_their_names(tmp_path: Path) -> None:
    before: dict[str, Rows] = {"account_core": [core(1, account_name="Oak")]}
    assert changes(tmp_path, before, {"account_core": [core(2, account_name="Elm")]}) == [
        ("gone", "Oak", None, ""),
        ("appeared", None, "Elm", ""),
    ]


@pytest.mark.parametrize(("now", "is_listed"), [("79.99", False), ("80.00", True), ("60.00", True), ("60.01", False)])
def test_a_health_score_is_listed_from_ten_points_on(tmp_path: Path, now: str, is_listed: bool) -> None:
    found = of_core(tmp_path, {"health_score": Decimal("70.00")}, {"health_score": Decimal(now)})
    assert found == ([("health_score", "70.00", now, "")] if is_listed else [])


@pytest.mark.parametrize(
    ("now", "is_listed"), [("1249.99", False), ("1250.00", True), ("750.00", True), ("750.01", False)]
)
def test_revenue_is_listed_from_a_quarter_on(tmp_path: Path, now: str, is_listed: bool) -> None:
    found = of_core(tmp_path, {"revenue": Decimal("1000.00")}, {"revenue": Decimal(now)})
    assert found == ([("revenue", "1000.00", now, "")] if is_listed else [])


@pytest.mark.parametrize(
    ("column", "was", "now", "listed"),
    [
        ("health_score_label", "Green", "Red", ("health_label", "Green", "Red", "")),
        ("owner_id", None, 12, ("owner", None, "12", "")),
        ("status", "active", None, ("status", "active", None, "")),
        ("renewal_date", date(2025, 3, 1), date(2026, 3, 1), ("renewal_date", "2025-03-01", "2026-03-01", "")),
        ("insight_churn_risk", None, True, ("insight_on", None, "true", "churn_risk")),
        ("insight_churn_risk", True, False, ("insight_off", "true", "false", "churn_risk")),
    ],
)
def test_a_changed_column_is_listed(tmp_path: Path, column: str, was: Any, now: Any, listed: Listed) -> None:
    assert of_core(tmp_path, {column: was}, {column: now}) == [listed]


def test_an_insight_that_becomes_unknown_from_false_is_no_change(tmp_path: Path) -> None:
    assert of_core(tmp_path, {"insight_churn_risk": False}, {"insight_churn_risk": None}) == []


def test_a_segment_is_compared_with_the_same_year_and_is_c_without_revenue(tmp_path: Path) -> None:
    both: dict[str, Rows] = {"account_core": [core(7)], "accounts": [crm(7)]}
    year = {"account_id": "c7", "year": 2025, "segment": "A"}
    found = changes(tmp_path, both, {**both, "account_revenue_by_year": [year]})
    assert found == [("segment", "C", "A", "")]


@pytest.mark.parametrize(
    ("outcomes", "why"),
    [(None, "unknown"), ([], "lost"), ([{"estimate_id": "e1", "outcome": "renewed"}], "renewed")],
)
def test_an_account_that_leaves_the_at_risk_list_has_the_reason(
    tmp_path: Path, outcomes: Rows | None, why: str
) -> None:
    both: dict[str, Rows] = {"account_core": [core(7)], "accounts": [crm(7)]}
    listed = {"account_id": "c7", "expiring_estimate_id": "e1", "renewal_date": date(2025, 3, 1)}
    found = changes(tmp_path, {**both, "at_risk_accounts": [listed]}, both, outcomes)
    assert found == [("at_risk_off", "2025-03-01", None, why)]


def test_an_account_that_joins_the_at_risk_list_is_listed_by_its_lmn_id_too(tmp_path: Path) -> None:
    account = {"account_core": [core(7, crm_id="LMN9")], "accounts": [crm(7, lmn_crm_id="LMN9")]}
    listed = {"account_id": "c7", "renewal_date": date(2025, 3, 1)}
    found = changes(tmp_path, dict(account), {**account, "at_risk_accounts": [listed]})
    assert found == [("at_risk_on", None, "2025-03-01", "")]


def test_a_customer_matches_by_lmn_id_before_another_accounts_id(tmp_path: Path) -> None:
    accounts = [crm(8, id="c7", lmn_crm_id="LMN1"), crm(9, lmn_crm_id="c7")]
    both: dict[str, Rows] = {"account_core": [core(7)], "accounts": accounts}
    listed = [{"account_id": account["id"], "renewal_date": date(2025, 3, 1)} for account in accounts]
    assert changes(tmp_path, both, {**both, "at_risk_accounts": listed}) == [("at_risk_on", None, "2025-03-01", "")]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"change": "moved"}, "change is moved"), ({"detail": None}, "detail is null in 2 rows"), ({}, "1 rows repeat")],
)
def test_changes_that_break_their_contract_are_refused(wrong: dict[str, Any], words: str) -> None:
    row = {"account_id": 7, "organization_id": 1, "change": "owner", "before": "1", "after": "2", "detail": ""}
    rows = [{**row, "as_of": THIS_WEEK, "previous_as_of": LAST_WEEK, **wrong}] * 2
    with pytest.raises(WarehouseError, match=words):
        require_contract(pa.Table.from_pylist(rows, account_changes_contract().arrow_schema), 1)


def test_the_changes_of_many_organizations_equal_those_of_each_alone(tmp_path: Path) -> None:
    scores = {1: ("70.00", "90.00"), 2: ("70.00", "70.00"), 3: ("40.00", "10.00")}
    pairs = []
    for one, weeks in scores.items():  # all with the same account, the second also with its CRM account
        was, is_now = ({"account_core": [core(7, health_score=Decimal(score))]} for score in weeks)
        year = {"account_id": "c7", "year": 2025, "segment": "A"}
        more: dict[str, Rows] = {"accounts": [crm(7)]} if one == 2 else {}
        before = drop_files(tmp_path / f"before {one}", LAST_WEEK, **was, **more)
        now = drop_files(tmp_path / f"now {one}", THIS_WEEK, **is_now, **more, account_revenue_by_year=[year])
        pairs.append(DropPair(one, now, before))
    together = list(changes_of_all(pairs))
    assert together == [account_changes(pair.organization_id, pair.now, pair.before) for pair in pairs]
    assert [[row["change"] for row in rows.to_pylist()] for rows in together] == [
        ["health_score"],
        ["segment"],
        ["health_score"],
    ]


def test_a_previous_drop_with_an_older_contract_is_read_with_its_own_columns(tmp_path: Path) -> None:
    pairs = []
    for one in (1, 2):
        before, now = (
            drop_files(tmp_path / f"{week} {one}", as_of, account_core=[core(7, insight_churn_risk=is_on)])
            for week, as_of, is_on in (("before", LAST_WEEK, False), ("now", THIS_WEEK, True))
        )
        pairs.append(DropPair(one, now, before))
    core_before = pairs[0].before.parquet["account_core"]
    pq.write_table(pq.ParquetFile(core_before).read().drop_columns("insight_churn_risk"), core_before)
    assert [[row["change"] for row in rows.to_pylist()] for rows in changes_of_all(pairs)] == [[], ["insight_on"]]
