"""One row per key: which one wins, and what happens to the others (source-schema, PK)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.ingest.landing.landed_table import LandedTable
from tests.ingest.ingest_harness import land, refused, rejects, rows, write_csv


def land_csv(tmp_path: Path, source: str, table: str, header: str, *lines: tuple[object, ...]) -> LandedTable:
    """Land one table from a CSV."""
    write_csv(tmp_path / source / f"{table}.csv", header.split(), lines)
    return land(source, tmp_path / source, tmp_path)[table]


def test_the_latest_updated_at_wins_in_any_position(tmp_path: Path) -> None:
    table = land_csv(
        tmp_path,
        "crm",
        "accounts",
        "id name updated_at",
        (1, "old", "2024-01-01"),
        (1, "new", "2024-03-01"),
        (1, "older", "2023-01-01"),
    )
    assert [row["name"] for row in rows(table)] == ["new"]
    assert refused(table) == [(2, "id", "1", "row dropped"), (4, "id", "1", "row dropped")]


def test_a_row_without_updated_at_is_the_oldest(tmp_path: Path) -> None:
    table = land_csv(
        tmp_path, "crm", "accounts", "id name updated_at", (1, "dated", "1990-01-01"), (1, "undated", None)
    )
    assert [row["name"] for row in rows(table)] == ["dated"]


def test_the_last_one_read_of_equally_old_rows_wins(tmp_path: Path) -> None:
    table = land_csv(tmp_path, "crm", "accounts", "id name updated_at", (1, "a", "2024-01-01"), (1, "b", "2024-01-01"))
    assert [row["name"] for row in rows(table)] == ["b"]


def test_keys_are_compared_as_typed(tmp_path: Path) -> None:
    table = land_csv(
        tmp_path, "platform", "tier", "organization_id id name", (1, "7", "a"), (1, " 07 ", "b"), (1, "7.0", "c")
    )
    assert [row["name"] for row in rows(table)] == ["c"]


def test_text_keys_are_compared_trimmed_and_by_case(tmp_path: Path) -> None:
    table = land_csv(tmp_path, "crm", "profiles", "id selected_year", ("a", 1), (" a ", 2), ("A", 3))
    assert [(row["id"], row["selected_year"]) for row in rows(table)] == [("a", 2), ("A", 3)]


def test_keys_hold_within_a_tenant(tmp_path: Path) -> None:
    table = land_csv(tmp_path, "platform", "tier", "organization_id id name", (1, 7, "a"), (2, 7, "b"), (1, 7, "c"))
    assert [(row["organization_id"], row["name"]) for row in rows(table)] == [(2, "b"), (1, "c")]
    assert refused(table) == [(2, "id", "1 / 7", "row dropped")]


def test_only_the_winner_of_two_accounts_keeps_their_crm_id(tmp_path: Path) -> None:
    table = land_csv(
        tmp_path,
        "crm",
        "accounts",
        "id name lmn_crm_id updated_at",
        (1, "a", "77", "2024-01-01"),
        (2, "b", "77", "2024-02-01"),
        (3, "c", None, None),
        (4, "d", None, None),
    )
    assert [(row["id"], row["lmn_crm_id"]) for row in rows(table)] == [
        ("1", None),
        ("2", "77"),
        ("3", None),
        ("4", None),
    ]
    assert refused(table) == [(2, "lmn_crm_id", "77", "cell nulled")]


def test_a_row_that_lost_its_key_takes_no_crm_id_from_others(tmp_path: Path) -> None:
    table = land_csv(
        tmp_path,
        "crm",
        "accounts",
        "id name lmn_crm_id updated_at",
        (1, "a", "77", "2024-01-01"),
        (2, "b old", "77", "2024-02-01"),
        (2, "b new", "88", "2024-03-01"),
    )
    assert [(row["id"], row["lmn_crm_id"]) for row in rows(table)] == [("1", "77"), ("2", "88")]


def test_the_loser_of_two_crm_estimates_of_one_lmn_estimate_is_dropped(tmp_path: Path) -> None:
    table = land_csv(
        tmp_path,
        "crm",
        "estimates",
        "id lmn_estimate_id updated_at",
        ("a", "EST1", "2024-02-01"),
        ("b", "EST1", "2024-01-01"),
        ("c", None, None),
        ("d", None, None),
    )
    assert [row["id"] for row in rows(table)] == ["a", "c", "d"]
    assert refused(table) == [(3, "lmn_estimate_id", "EST1", "row dropped")]


def test_rows_keep_their_order(tmp_path: Path) -> None:
    lines = [(at, f"n{at}") for at in (5, 3, 9, 3, 1)]
    table = land_csv(tmp_path, "crm", "accounts", "id name", *lines)
    assert [row["id"] for row in rows(table)] == ["5", "9", "3", "1"]


def test_leads_have_no_key_and_may_have_duplicates(tmp_path: Path) -> None:
    write_csv(tmp_path / "lmn" / "leads.csv", ["Lead Name", "City"], [("Lee", "Bath"), ("Lee", "Bath")])
    table = land("lmn", tmp_path / "lmn", tmp_path)["leads_list"]
    assert table.loaded == 2


def test_a_row_dropped_for_another_reason_displaces_no_other(tmp_path: Path) -> None:
    table = land_csv(
        tmp_path, "crm", "accounts", "id name updated_at", (1, "kept", "2024-01-01"), (1, None, "2025-01-01")
    )
    assert [row["name"] for row in rows(table)] == ["kept"]
    assert refused(table) == [(3, "name", None, "row dropped")]


CORRECTED = [
    ("a", "A", "EST1", "77", "2024-01-01"),
    ("b", "B", "EST1", "77", "2024-06-01"),
    ("b", "B", "EST2", "78", "2025-01-01"),
]
"""The second row has the value of the first, until the third corrects it."""


@pytest.mark.parametrize("table", ["accounts", "estimates"])
@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_unique_value_is_free_again_when_a_later_row_corrects_its_owner(tmp_path: Path, table: str, cut: int) -> None:
    header = ["id", "name", "lmn_estimate_id", "lmn_crm_id", "updated_at"]
    for number, lines in enumerate((CORRECTED[:cut], CORRECTED[cut:])):
        write_csv(tmp_path / "crm" / table / f"{number}.csv", header, lines)
    landed = land("crm", tmp_path / "crm", tmp_path)[table]
    unique = "lmn_crm_id" if table == "accounts" else "lmn_estimate_id"
    given = {"lmn_crm_id": ["77", "78"], "lmn_estimate_id": ["EST1", "EST2"]}[unique]
    assert [(row["id"], row[unique]) for row in rows(landed)] == [("a", given[0]), ("b", given[1])]
    assert [(row["column_name"], row["value"], row["action"]) for row in rejects(landed)] == [
        ("id", "b", "row dropped")
    ]
