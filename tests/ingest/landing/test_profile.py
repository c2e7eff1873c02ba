"""What a guard may know of a landed table."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pipeline.guards.source_profile import TableProfile
from pipeline.ingest.landing.profile import profile_tables
from tests.ingest.ingest_harness import land, write_csv

NOW = datetime(2025, 1, 15, tzinfo=UTC)


def profile(
    folder: Path, *rows: tuple[str, ...], headers: tuple[str, ...] = ("id", "name", "archived")
) -> TableProfile:
    """Land accounts and return their profile."""
    write_csv(folder / "crm" / "accounts.csv", list(headers), list(rows))
    (found,) = profile_tables([land("crm", folder / "crm", folder)["accounts"]], NOW)
    return found


def test_values_true_flags_and_unread_cells_are_counted_by_column(tmp_path: Path) -> None:
    found = profile(tmp_path, ("1", "A", "yes"), ("2", "B", "no"), ("3", "C", "perhaps"))
    assert (found.values["name"], found.values["archived"], found.values["city"]) == (3, 2, 0)
    assert (found.trues["archived"], found.unread) == (1, {"archived": 1})


def test_headers_that_no_column_wants_are_known_with_their_file(tmp_path: Path) -> None:
    found = profile(tmp_path, ("1", "A", "x"), headers=("id", "name", "lmn_crmid"))
    assert found.unknown == {"lmn_crmid": "accounts.csv"}
    assert "lmn_crm_id" not in found.headers
    assert "name" in found.headers


def test_a_row_that_an_older_download_repeats_is_no_rejected_one(tmp_path: Path) -> None:
    found = profile(tmp_path, ("1", "A", "no"), ("1", "A", "no"), ("", "B", "no"))
    assert (found.read, found.loaded, found.rejected) == (3, 1, 1)


def test_the_newest_row_is_none_that_lies_ahead(tmp_path: Path) -> None:
    days = [("1", "A", "2025-01-10"), ("2", "B", "2025-02-10")]
    found = profile(tmp_path, *days, headers=("id", "name", "created_date"))
    assert found.newest == datetime(2025, 1, 10)


def test_a_profile_comes_back_from_its_json(tmp_path: Path) -> None:
    found = profile(tmp_path, ("1", "A", "yes"))
    assert TableProfile.from_dict(found.as_dict()) == found
