"""When the rows of a table were created."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pipeline.guards.source_profile import TableProfile
from pipeline.ingest.landing.profile import profile_tables
from tests.ingest.ingest_harness import land, write_csv


def notes(folder: Path, *days: str) -> TableProfile:
    """Land notes of these days and return their profile."""
    rows = [("1", str(at), "7", day) for at, day in enumerate(days)]
    write_csv(folder / "platform" / "note.csv", ["organization_id", "id", "customer_id", "created_at"], rows)
    (found,) = profile_tables(
        [land("platform", folder / "platform", folder)["note"]], datetime(2025, 1, 15, tzinfo=UTC)
    )
    return found


def test_rows_are_counted_by_four_weeks_from_2000_on(tmp_path: Path) -> None:
    found = notes(tmp_path, "2000-01-01", "2000-01-28T23:59:59Z", "2000-01-29")
    assert (found.periods, found.sampled_one_in, found.sampled_tenants) == ({"0": 2, "1": 1}, 1, 1)


def test_a_large_table_is_sampled_at_the_same_rate_until_it_doubles(tmp_path: Path) -> None:
    few, more, many = (notes(tmp_path / str(rows), *["2024-01-01"] * rows) for rows in (4001, 8000, 8001))
    assert [found.sampled_one_in for found in (few, more, many)] == [2, 2, 4]
    assert 1_800 < sum(few.periods.values()) < 2_200
    assert 3_800 < sum(more.periods.values()) < 4_200


def test_users_of_one_in_a_hundred_messages_are_known_by_their_tenant(tmp_path: Path) -> None:
    headers = ["organization_id", "id", "customer_id", "thread_id", "sent_at", "direction", "user_id"]
    users = ["7"] * 98 + ["8"] + [""] * 2
    rows = [("1", str(at), "3", "4", "2024-01-01", "team", user) for at, user in enumerate(users)]
    write_csv(tmp_path / "platform" / "email_prop.csv", headers, rows)
    landed = land("platform", tmp_path / "platform", tmp_path)["email_prop"]
    (found,) = profile_tables([landed], datetime(2025, 1, 15, tzinfo=UTC))
    assert found.busy_users == {"1/7": 98}
