"""D42: the rows that a drop shares with the previous one, per organization."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.guards.drift_guard import judge_kept_rows
from pipeline.guards.kept_rows import KEPT, KeptRows, measure_kept_rows
from pipeline.guards.thresholds import guards
from tests.drops.weeks import CONTRACTS, Rows, core, drop_files
from tests.guards.profiles import said

MONDAY, TUESDAY = datetime(2025, 1, 6, tzinfo=UTC), datetime(2025, 1, 7, tzinfo=UTC)


def measured(folder: Path, export: str, before: Rows, now: Rows) -> KeptRows:
    drops = [drop_files(folder / name, **{export: rows}) for name, rows in (("now", now), ("before", before))]
    return measure_kept_rows({7: drops[0]}, {7: drops[1]})[7][export]


def counted(account_id: int, emails: int, last: datetime | None = None) -> dict[str, Any]:
    return {"account_id": account_id, "total_emails": emails, "last_meeting_date": last}


def test_the_columns_are_those_of_the_contracts() -> None:
    for export, columns in KEPT.items():
        assert columns.key == tuple(CONTRACTS[export].primary_key)
        named = {*columns.steady, *columns.slow, *columns.rising}
        assert named <= {column.name for column in CONTRACTS[export].exported_columns}


def test_a_cell_changed_if_it_had_a_value_and_has_another_or_none(tmp_path: Path) -> None:
    names = [("Ann", "Ann"), ("Ann", "Bob"), ("Ann", None), (None, "Bob")]
    before = [core(at, account_name=was) for at, (was, _) in enumerate(names)]
    now = [core(at, account_name=is_now) for at, (_, is_now) in enumerate(names)]
    kept = measured(tmp_path, "account_core", [*before, core(9)], [*now, core(10)])
    assert (kept.rows, kept.gone) == (5, 1)
    assert (kept.filled["account_name"], kept.changed["account_name"]) == (3, 2)


def test_a_name_in_capitals_is_the_same_name(tmp_path: Path) -> None:
    kept = measured(tmp_path, "account_core", [core(1, account_name="Ann")], [core(1, account_name="ANN")])
    assert kept.changed["account_name"] == 0


def test_a_last_date_fell_if_it_is_earlier_or_null_and_a_count_by_more_than_a_tenth(tmp_path: Path) -> None:
    before = [counted(1, 10, TUESDAY), counted(2, 10, TUESDAY), counted(3, 5, MONDAY), counted(4, 0, None)]
    now = [counted(1, 8, MONDAY), counted(2, 9, None), counted(3, 6, TUESDAY), counted(4, 0, TUESDAY)]
    kept = measured(tmp_path, "account_communication_stats", before, now)
    assert (kept.filled["total_emails"], kept.fallen["total_emails"]) == (3, 1)
    assert (kept.filled["last_meeting_date"], kept.fallen["last_meeting_date"]) == (3, 2)


def test_the_price_of_a_pending_estimate_may_change(tmp_path: Path) -> None:
    before = [{"id": name, "is_won": name == "won", "price_used": Decimal(100)} for name in ("won", "open")]
    now = [{**row, "price_used": Decimal(105)} for row in before]
    kept = measured(tmp_path, "estimates", before, now)
    assert (kept.filled["price_used"], kept.changed["price_used"]) == (1, 1)


def test_a_won_estimate_that_is_no_longer_won_fell(tmp_path: Path) -> None:
    before = [{"id": "a", "is_won": True}, {"id": "b", "is_won": True}, {"id": "c", "is_won": False}]
    now = [{"id": "a", "is_won": False}, {"id": "b", "is_won": True}, {"id": "c", "is_won": True}]
    kept = measured(tmp_path, "estimates", before, now)
    assert (kept.filled["is_won"], kept.fallen["is_won"]) == (2, 1)


def test_each_organization_is_measured_separately_even_with_the_same_keys(tmp_path: Path) -> None:
    names = ("Ann", "Bob", "Ann", "Ann")
    now_1, now_2, before_1, before_2 = (
        drop_files(tmp_path / str(at), account_core=[core(1, account_name=name)]) for at, name in enumerate(names)
    )
    kept = measure_kept_rows({1: now_1, 2: now_2}, {1: before_1, 2: before_2})
    assert [kept[each]["account_core"].changed["account_name"] for each in (1, 2)] == [0, 1]
    assert measure_kept_rows({}, {}) == {}


def test_a_column_that_one_drop_lacks_is_not_compared(tmp_path: Path) -> None:
    now, before = (
        drop_files(tmp_path / name, account_core=[core(1, account_name="Ann")]) for name in ("now", "before")
    )
    path = before.parquet["account_core"]
    pq.write_table(pq.read_table(path).drop_columns(["account_name"]), path)
    kept = measure_kept_rows({1: now}, {1: before})[1]["account_core"]
    assert "account_name" not in kept.changed
    assert kept.filled["crm_id"] == 1


def test_very_many_rows_are_sampled_by_their_keys(tmp_path: Path) -> None:
    rows = [{"id": str(at), "price_used": Decimal(at)} for at in range(20_000)]
    kept = measured(tmp_path, "estimates", rows, rows[: len(rows) // 2])
    assert 3_600 < kept.rows < 4_400
    assert 0.45 < kept.gone / kept.rows < 0.55


def judged(kept: KeptRows, export: str, *, is_windowed: bool = False) -> list[tuple[str, str, str]]:
    return said(judge_kept_rows(7, {export: kept}, guards(), is_windowed=is_windowed))


@pytest.mark.parametrize(
    ("column", "filled", "changed", "warns"),
    [
        ("account_name", 100, 7, False),
        ("account_name", 100, 8, True),
        ("account_name", 10, 4, False),
        ("account_name", 10, 5, True),
        ("account_name", 9, 9, False),
        ("owner_id", 100, 49, False),
        ("owner_id", 100, 50, True),
    ],
)
def test_many_changed_cells_of_a_stable_column_warn(column: str, filled: int, changed: int, warns: bool) -> None:
    kept = KeptRows(100, 0, {column: filled}, changed={column: changed})
    assert judged(kept, "account_core") == ([("kept_cells", "warn", f"account_core.{column}")] if warns else [])


@pytest.mark.parametrize(
    ("filled", "fallen", "warns"), [(100, 4, False), (100, 5, True), (20, 2, False), (5, 3, True), (4, 4, False)]
)
def test_counts_that_went_back_warn(filled: int, fallen: int, warns: bool) -> None:
    kept = KeptRows(100, 0, {"total_emails": filled}, fallen={"total_emails": fallen})
    found = [("fallen_figures", "warn", "account_communication_stats.total_emails")]
    assert judged(kept, "account_communication_stats") == (found if warns else [])
    assert judged(kept, "account_communication_stats", is_windowed=True) == []


@pytest.mark.parametrize(("rows", "gone", "warns"), [(100, 9, False), (100, 10, True), (19, 19, False)])
def test_missing_rows_warn_despite_new_ones(rows: int, gone: int, warns: bool) -> None:
    assert judged(KeptRows(rows, gone), "estimates") == ([("gone_rows", "warn", "estimates")] if warns else [])


def test_only_the_worst_column_is_reported() -> None:
    columns = ("total_emails", "total_meetings", "account_sent_emails")
    kept = KeptRows(100, 0, dict.fromkeys(columns, 100), fallen=dict(zip(columns, (10, 30, 20), strict=True)))
    (finding,) = judge_kept_rows(7, {"account_communication_stats": kept}, guards())
    assert (finding.place, finding.organization_id) == ("account_communication_stats.total_meetings", 7)
    assert finding.now == "30 of 100 cells, and of account_sent_emails, total_emails"
