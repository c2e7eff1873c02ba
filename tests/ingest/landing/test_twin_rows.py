"""Duplicate rows with different ids."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.guards.source_profile import TableProfile
from pipeline.ingest.landing.profile import profile_tables
from tests.ingest.ingest_harness import land, write_csv

HEADERS = ["organization_id", "id", "customer_id", "created_at", "body"]
NOON = "2025-01-01T12:00:00Z"


def profile(folder: Path, source: str, table: str) -> TableProfile:
    (found,) = profile_tables([land(source, folder / source, folder)[table]], datetime(2025, 1, 15, tzinfo=UTC))
    return found


@pytest.mark.parametrize(
    ("other", "twins"),
    [
        (("1", "2", "7", NOON, "Hello"), 1),
        (("2", "2", "7", NOON, "Hello"), 0),
        (("1", "2", "7", "2025-01-01T12:00:01Z", "Hello"), 0),
        (("1", "2", "7", NOON, "Hullo"), 0),
    ],
)
def test_a_row_that_differs_only_in_its_id_is_a_twin(tmp_path: Path, other: tuple[str, ...], twins: int) -> None:
    write_csv(tmp_path / "platform" / "note.csv", HEADERS, [("1", "1", "7", NOON, "Hello"), other])
    found = profile(tmp_path, "platform", "note")
    assert (found.compared_rows, found.twins) == (2, twins)


def test_twins_in_a_large_table_are_both_sampled_or_neither(tmp_path: Path) -> None:
    days = [f"2025-01-{day:02}T{hour:02}:00:00Z" for day in range(1, 29) for hour in range(24)]
    notes = [("1", str(at), "7", days[at // 2 % len(days)], str(at // 2)) for at in range(60_000)]
    write_csv(tmp_path / "platform" / "note.csv", HEADERS, notes)
    found = profile(tmp_path, "platform", "note")
    assert 10_000 < found.compared_rows < 40_000
    assert 2 * found.twins == found.compared_rows


def test_an_estimates_number_counts_as_id_and_estimates_without_a_date_are_not_compared(tmp_path: Path) -> None:
    headers = ["Estimate ID", "Estimate Date", "Contact ID", "Status", "Total Price"]
    lines = [(f"EST{at}", "2025-01-01" if at < 3 else None, "7", "Sold", "5") for at in range(1, 5)]
    write_csv(tmp_path / "lmn" / "a.csv", headers, lines)
    found = profile(tmp_path, "lmn", "estimates_list")
    assert (found.compared_rows, found.twins) == (2, 1)


def test_rows_of_few_columns_are_no_twins(tmp_path: Path) -> None:
    lines = [("EST1", "2025-01-01", "5"), ("EST2", "2025-01-01", "5")]
    write_csv(tmp_path / "lmn" / "a.csv", ["Estimate ID", "Estimate Date", "Total Price"], lines)
    assert profile(tmp_path, "lmn", "estimates_list").compared_rows == 0


def test_people_with_the_same_address_and_attributes_are_twins(tmp_path: Path) -> None:
    headers = ["organization_id", "id", "customer_id", "name", "email"]
    people = [
        ("1", "1", "7", "Ann", "a@x.example"),
        ("1", "2", "7", "Ann", "a@x.example"),
        ("1", "3", "8", "Bob", None),
    ]
    write_csv(tmp_path / "platform" / "stakeholder.csv", headers, people)
    found = profile(tmp_path, "platform", "stakeholder")
    assert (found.compared_rows, found.twins) == (2, 1)
