"""The quick scan of a part's keys: it never misses a duplicate, and skips ids that are in order."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.ingest.duplicates import key_scan as keys
from pipeline.ingest.duplicates.key_scan import scan_keys
from pipeline.ingest.tables import source_table

NOTES = source_table("platform", "note")


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "BATCH_ROWS", 3)


def part(folder: Path, rows: list[tuple[int, int]]) -> Path:
    """Write tenants and ids."""
    path = folder / "part.parquet"
    columns = {"organization_id": [row[0] for row in rows], "id": [row[1] for row in rows]}
    pq.write_table(pa.table(columns, pa.schema([(name, pa.int64()) for name in columns])), path)
    return path


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(-4, 12)), max_size=12), st.booleans())
def test_a_duplicate_key_is_never_missed(tmp_path: Path, rows: list[tuple[int, int]], by_id: bool) -> None:
    if by_id:
        rows = sorted(rows, key=lambda row: row[1])
    may_repeat, _ = scan_keys(NOTES, part(tmp_path, rows))
    assert may_repeat or len(set(rows)) == len(rows)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(-4, 12)), max_size=12))
def test_ranges_cover_a_tenants_lowest_to_highest_id(tmp_path: Path, rows: list[tuple[int, int]]) -> None:
    ids = {tenant: [key for other, key in rows if other == tenant] for tenant, _ in rows}
    _, ranges = scan_keys(NOTES, part(tmp_path, rows))
    assert ranges is not None
    assert ranges.by_tenant == {tenant: (min(keys), max(keys)) for tenant, keys in ids.items()}


@pytest.mark.parametrize(
    "rows",
    [
        [(2, 1), (1, 2), (2, 3), (1, 4), (3, 5), (1, 9)],
        [(1, 5), (1, 6), (1, 7), (2, 1), (2, 2), (2, 8)],
        [],
    ],
    ids=["one sequence for all tenants", "tenant after tenant", "no rows"],
)
def test_keys_in_order_are_not_counted(
    tmp_path: Path, rows: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "MOST_COUNTED", -1)
    assert scan_keys(NOTES, part(tmp_path, rows))[0] is False


@pytest.mark.parametrize("at", [1, 2, 3, 5])
def test_a_duplicate_key_is_found_across_batches(tmp_path: Path, at: int) -> None:
    rows = [(1 + number % 2, number) for number in range(6)]
    rows.insert(at, rows[at - 1])
    assert scan_keys(NOTES, part(tmp_path, rows))[0] is True


def test_a_part_too_large_to_scan_may_have_duplicate_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MOST_COUNTED", 2)
    assert scan_keys(NOTES, part(tmp_path, [(1, 3), (1, 1), (1, 2)]))[0]


@pytest.mark.parametrize(("ids", "repeats"), [(["b", "a", "d", "b"], True), (["b", "a", "d", "c"], False)])
def test_keys_of_text_are_counted(tmp_path: Path, ids: list[str], repeats: bool) -> None:
    path = tmp_path / "part.parquet"
    pq.write_table(pa.table({"id": ids}), path)
    assert scan_keys(source_table("crm", "profiles"), path)[0] is repeats


@pytest.mark.parametrize(
    ("users", "repeats"), [([None, 1, 2], False), ([None, 1, None], True)], ids=["one without", "two without"]
)
def test_a_null_is_a_value_of_a_key(tmp_path: Path, users: list[int | None], repeats: bool) -> None:
    path = tmp_path / "part.parquet"
    columns = {"organization_id": [1] * 3, "event_id": [7] * 3, "user_id": users, "stakeholder_id": [9] * 3}
    pq.write_table(pa.table(columns, pa.schema([(name, pa.int64()) for name in columns])), path)
    assert scan_keys(source_table("platform", "calendar_event_attendee"), path)[0] is repeats


def test_a_null_is_no_value_of_a_unique_column(tmp_path: Path) -> None:
    path = tmp_path / "part.parquet"
    pq.write_table(pa.table({"id": ["b", "a", "d"], "lmn_crm_id": pa.array([None, None, "7"])}), path)
    assert scan_keys(source_table("crm", "accounts"), path)[0] is False
