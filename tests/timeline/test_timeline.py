"""The records of drops: past states of accounts, the same bytes from kept drops, and no later changes."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.contracts.timeline import TIMELINE_MARTS, timeline_contract
from pipeline.drops.catalog import drop_folders, read_manifest
from pipeline.storage.place import open_place
from pipeline.timeline.timeline import Timeline
from tests.timeline.made_past import Past

AT_RISK = ("e1", "2025-03-01", "100.00")


@pytest.fixture
def past(tmp_path: Path) -> Past:
    """Two weeks; in the second, account 1 is healthier and no longer at risk."""
    made = Past(tmp_path)
    made.publish(1, {1: AT_RISK}, columns={"health_score": Decimal("40.00"), "owner_id": 7})
    made.publish(8, {}, columns={"health_score": Decimal("80.00"), "owner_id": 8}, outcomes={"e1": "renewed"})
    return made


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_history_has_each_account_as_each_drop_showed_it(past: Past) -> None:
    columns = ("as_of", "health_score", "owner_id", "segment", "is_at_risk", "at_risk_estimate_value")
    accounts = [tuple(row[name] for name in columns[1:]) for row in past.accounts() if row["account_id"] == 1]
    assert accounts == [(Decimal("40.00"), 7, "C", True, Decimal("100.00")), (Decimal("80.00"), 8, "C", False, None)]


def test_kept_drops_give_the_same_bytes_as_successive_runs(past: Past, tmp_path: Path) -> None:
    accumulated = bytes_of(tmp_path / "timeline")
    assert len(accumulated) == 2 * 5
    shutil.rmtree(tmp_path / "timeline")
    Timeline(tmp_path / "timeline").fill(open_place(str(tmp_path / "exports")), 1)
    assert bytes_of(tmp_path / "timeline") == accumulated


def test_drops_read_together_give_the_same_records_as_each_alone(past: Past, tmp_path: Path) -> None:
    past.publish(15, {2: AT_RISK}, accounts=())
    drops_folder = open_place(str(tmp_path / "exports" / "1"))
    drops = [
        (Path(drops_folder.child(name).root), read_manifest(drops_folder.child(name)) or {})
        for name in drop_folders(drops_folder)
    ]
    Timeline(tmp_path / "together").keep_all(drops)
    assert bytes_of(tmp_path / "together") == bytes_of(tmp_path / "timeline")


def test_a_corrected_run_of_a_past_week_changes_no_row_of_it(past: Past) -> None:
    before = (past.accounts(), past.rows("at_risk_episodes", "ended", "ended_because"), past.rows("metric_history"))
    past.publish(1, {}, mark="b", columns={"health_score": Decimal("1.00")}, against=None, late=True)
    assert (
        past.accounts(),
        past.rows("at_risk_episodes", "ended", "ended_because"),
        past.rows("metric_history"),
    ) == before


def test_removed_drops_stay_in_the_history(past: Past, tmp_path: Path) -> None:
    before = past.accounts()
    shutil.rmtree(next((tmp_path / "exports" / "1").glob("20250101*")))
    Timeline(tmp_path / "timeline").fill(open_place(str(tmp_path / "exports")), 1, is_rewritten=True)
    assert past.accounts() == before


def test_a_drop_has_counts_of_rows_findings_and_money(past: Past) -> None:
    metrics = {row[:3]: row[3] for row in past.rows("metric_history", "as_of", "metric", "dimension", "value")}
    assert metrics[1, "rows", "account_core"] == 2
    assert metrics[1, "findings", "warn"] == 1
    assert (metrics[1, "at_risk_accounts", "all"], metrics[8, "at_risk_accounts", "all"]) == (1, 0)
    assert metrics[1, "at_risk_value", "all"] == Decimal("100.00")
    assert metrics[1, "accounts_by_health", "none"] == 2


@pytest.mark.parametrize("name", ["drop.json", "left_list.parquet", "account_history.parquet"])
def test_a_damaged_record_is_named_with_its_remedy(past: Past, tmp_path: Path, name: str) -> None:
    path = next((tmp_path / "timeline" / "1").glob("20250101*")) / name
    path.write_bytes(b"{")
    with pytest.raises(WarehouseError, match="the record of a drop is damaged") as raised:
        past.accounts()
    assert "warehouse history --rebuild" in str(raised.value)


@pytest.mark.parametrize("mart", TIMELINE_MARTS)
def test_every_column_has_a_description_and_a_source(mart: str) -> None:
    assert all(column.description and column.source for column in timeline_contract(mart).columns)


def test_the_history_of_accounts_has_the_columns_of_its_contract(past: Past) -> None:
    assert list(past.accounts()[0]) == [column.name for column in timeline_contract("account_history").columns]
