"""Several downloads of one table: the newest counts, by their rows, else by their time, else by their names."""

from __future__ import annotations

import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from tests.ingest.ingest_harness import land, rows, write_csv, write_parquet, write_workbook

ESTIMATES = ["Estimate ID", "Estimate Date", "Contract End", "Total Price"]
NAMES = (
    "contacts (1)",
    "contacts(2)",
    "Contacts - Copy",
    "contacts copy 2",
    "contacts-2",
    "contacts 3",
    "Copy of contacts (1)",
)
NOW = datetime(2025, 1, 15, tzinfo=UTC).timestamp()


def aged(path: Path, minutes: float) -> Path:
    """Set a file's modification time to some minutes ago."""
    os.utime(path, (NOW - 60 * minutes, NOW - 60 * minutes))
    return path


def estimate(tmp_path: Path) -> tuple[str, str]:
    """Return the price of the only estimate, and the notes about the files."""
    table = land("lmn", tmp_path / "lmn", tmp_path)["estimates_list"]
    (row,) = rows(table)
    return str(row["total_price"]), next(notice for notice in table.notices if "downloads" in notice)


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
def test_the_download_with_the_newest_row_counts_whatever_its_name_and_time(tmp_path: Path, suffix: str) -> None:
    def write(name: str, date: str, price: str, minutes: int) -> None:
        path = tmp_path / "lmn" / f"{name}.{suffix}"
        if suffix == "parquet":
            columns = zip(ESTIMATES, ("E1", date, "2026-01-01", price), strict=True)
            write_parquet(path, {header: [cell] for header, cell in columns})
        else:
            writer = write_csv if suffix == "csv" else write_workbook
            writer(path, ESTIMATES, [("E1", date, "2026-01-01", price)])
        aged(path, minutes)

    write("Estimates List", "2024-05-08", "15000", minutes=90)
    write("Estimates List (1)", "2024-05-07", "12000", minutes=0)
    price, notice = estimate(tmp_path)
    assert price == "15000.00"
    assert notice.startswith(f"2 downloads of estimates_list, from old to new Estimates List (1).{suffix}, then")
    assert notice.endswith(f"Estimates List.{suffix} counts, because its newest row is from 2024-05-08")


def test_future_dates_do_not_make_a_row_newer(tmp_path: Path) -> None:
    aged(write_csv(tmp_path / "lmn" / "a.csv", ESTIMATES, [("E1", "2024-05-07", "2030-01-01", "1")]), 90)
    aged(write_csv(tmp_path / "lmn" / "b.csv", ESTIMATES, [("E1", "2024-05-07", "2025-01-01", "2")]), 0)
    assert estimate(tmp_path)[0] == "2.00"


def test_a_date_after_its_file_does_not_make_the_file_newer(tmp_path: Path) -> None:
    for name, price, typed in (("a", "1", "2042-05-07"), ("b", "2", "2024-05-08")):
        lines = [("E1", "2024-05-07", "", price), ("E2", typed, "", "0")]
        aged(write_csv(tmp_path / "lmn" / f"{name}.csv", ESTIMATES, lines), 0)
    table = land("lmn", tmp_path / "lmn", tmp_path)["estimates_list"]
    assert {row["lmn_estimate_id"]: str(row["total_price"]) for row in rows(table)}["E1"] == "2.00"


@pytest.mark.parametrize("years", [(1970, 1970), (1970, 2025), (2024, 2025)], ids=str)
def test_the_newest_row_counts_whenever_its_own_file_was_modified(tmp_path: Path, years: tuple[int, int]) -> None:
    for name, date, price, year in (("a", "2024-12-31", "1", years[0]), ("b", "2024-12-30", "2", years[1])):
        path = write_csv(tmp_path / "lmn" / f"{name}.csv", ESTIMATES, [("E1", date, "", price)])
        os.utime(path, times=(datetime(year, 1, 2, tzinfo=UTC).timestamp(),) * 2)
    assert estimate(tmp_path)[0] == "1.00"


def test_a_contact_and_its_account_come_from_the_newest_download(tmp_path: Path) -> None:
    header = ["CRM ID", "Contact ID", "CRM Name", "PrimaryContact"]
    aged(write_csv(tmp_path / "lmn" / "a.csv", header, [("1", "P1", "Old", "yes"), ("2", "P2", "Gone", "yes")]), 90)
    aged(write_csv(tmp_path / "lmn" / "b.csv", header, [("1", "P1", "New", "yes")]), 0)
    table = land("lmn", tmp_path / "lmn", tmp_path)["contacts_export"]
    assert [row["name"] for row in rows(table)] == ["New", "Old", "Gone"], "the first row of a contact counts"
    assert "from old to new a.csv, then b.csv: b.csv counts" in table.notices[0]


def test_a_workbooks_unreadable_instant_is_ignored(tmp_path: Path) -> None:
    for name, date, price in (("a", "2024-05-08", 1), ("b", "2024-05-07", 2)):
        path = write_workbook(tmp_path / "lmn" / f"{name}.xlsx", ESTIMATES, [["E1", date, None, price]])
        with zipfile.ZipFile(path) as package:
            properties = package.getinfo("docProps/core.xml")
        content = bytearray(path.read_bytes())
        content[properties.header_offset + 30 + len(properties.filename)] = 0xFF  # no deflate block starts like this
        path.write_bytes(content)
    assert estimate(tmp_path)[0] == "1.00", "the newest row counts then"


def test_a_workbooks_own_instant_comes_before_its_rows(tmp_path: Path) -> None:
    for name, date, price, created in (("a", "2024-05-07", 1, "2025-01-14"), ("b", "2024-05-08", 2, "2025-01-07")):
        path = write_workbook(tmp_path / "lmn" / f"{name}.xlsx", ESTIMATES, [["E1", date, None, price]])
        workbook = openpyxl.load_workbook(path)
        workbook.properties.created = datetime.fromisoformat(created)
        workbook.save(path)
    price, notice = estimate(tmp_path)
    assert price == "1.00"
    assert "it was exported at 2025-01-14 00:00 UTC" in notice


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("Report generated 1/14/2025", "Report generated 1/15/2025 9:00 AM"),
        ("Exported by Ann on January 14, 2025,,", "Exported by Bob on January 15, 2025,,"),
        ('"Export date:","2025-01-14T09:00:00Z"', '"Export date:","2025-01-14T11:00:00Z"'),
    ],
)
def test_the_export_time_in_a_title_comes_before_the_rows(tmp_path: Path, older: str, newer: str) -> None:
    for name, title, date, price in (("a", newer, "2024-05-07", "1"), ("b", older, "2024-05-08", "2")):
        path = write_csv(tmp_path / "lmn" / f"{name}.csv", ESTIMATES, [("E1", date, "", price)])
        path.write_text(f"{title}\n\n{path.read_text()}")
    assert estimate(tmp_path)[0] == "1.00"


def test_downloads_with_the_same_rows_are_ordered_by_modification_time(tmp_path: Path) -> None:
    for name, price, minutes in (("Estimates (2)", "1", 30), ("Estimates (10)", "2", 60)):
        aged(write_csv(tmp_path / "lmn" / f"{name}.csv", ESTIMATES, [("E1", "2024-05-07", "", price)]), minutes)
    assert estimate(tmp_path) == (
        "1.00",
        "2 downloads of estimates_list, from old to new Estimates (10).csv, then Estimates (2).csv: "
        "Estimates (2).csv counts, because its file was modified later",
    )


def test_downloads_copied_together_are_in_natural_order_of_their_names(tmp_path: Path) -> None:
    names = ("Estimates (10)", "Estimates", "Estimates (9)")
    for at, name in enumerate(names):
        price = str(len(name))
        aged(write_csv(tmp_path / "lmn" / f"{name}.csv", ESTIMATES, [("E1", "2024-05-07", "", price)]), at / 60)
    price, notice = estimate(tmp_path)
    assert price == "14.00"
    assert "Estimates.csv, then Estimates (9).csv, then Estimates (10).csv" in notice


@pytest.mark.parametrize("name", NAMES)
def test_a_tables_file_may_be_named_like_a_download_in_any_source(tmp_path: Path, name: str) -> None:
    header = ["id", "first_name"]
    aged(write_csv(tmp_path / "crm" / "contacts.csv", header, [("c1", "old"), ("c2", "old")]), 90)
    aged(write_csv(tmp_path / "crm" / f"{name}.csv", header, [("c1", "new")]), 0)
    table = land("crm", tmp_path / "crm", tmp_path)["contacts"]
    assert {row["id"]: row["first_name"] for row in rows(table)} == {"c1": "new", "c2": "old"}
    assert f"{name}.csv counts, because its file was modified later" in table.notices[0]


def test_a_single_download_is_the_table(tmp_path: Path) -> None:
    write_csv(tmp_path / "platform" / "tier (1).csv", ["organization_id", "id", "name"], [("1", "1", "a")])
    table = land("platform", tmp_path / "platform", tmp_path)["tier"]
    assert (table.loaded, table.notices) == (1, ())


def test_the_columns_that_the_newest_download_lacks_are_reported(tmp_path: Path) -> None:
    aged(write_csv(tmp_path / "lmn" / "a.csv", ESTIMATES, [("E1", "2024-05-07", "2025-01-01", "1")]), 90)
    aged(write_csv(tmp_path / "lmn" / "b.csv", ESTIMATES[:3], [("E1", "2024-05-07", "2025-01-01")]), 0)
    table = land("lmn", tmp_path / "lmn", tmp_path)["estimates_list"]
    assert table.lacking == {"total_price": "b.csv"}
    aged(tmp_path / "lmn" / "a.csv", 0)
    aged(tmp_path / "lmn" / "b.csv", 90)
    assert land("lmn", tmp_path / "lmn", tmp_path)["estimates_list"].lacking == {}
