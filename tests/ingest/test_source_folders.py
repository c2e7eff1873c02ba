"""A folder as a source: one file per table, or a folder of its parts; and the possible errors."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.common.errors import WarehouseError
from pipeline.ingest.landing.zone import Landing
from pipeline.ingest.sources import ingest_source
from pipeline.ingest.tables import SOURCE_TABLES
from tests.ingest.ingest_harness import Memory, land, rows, write_csv, write_parquet, write_workbook

HEADER = ["id", "name"]


def test_a_table_may_have_any_format(tmp_path: Path) -> None:
    crm = tmp_path / "crm"
    write_csv(crm / "accounts.csv", HEADER, [("1", "A")])
    write_parquet(crm / "CONTACTS.parquet", {"id": ["c1"], "account_id": ["1"]})
    write_workbook(crm / "Profiles.xlsx", ["id", "selected_year"], [["p1", 2025]])
    landed = land("crm", crm, tmp_path)
    assert {name: table.loaded for name, table in landed.items() if table.is_configured} == {
        "accounts": 1,
        "contacts": 1,
        "profiles": 1,
    }


@pytest.mark.parametrize("source", ["lmn", "crm", "platform"])
def test_an_unconfigured_source_has_only_empty_tables(tmp_path: Path, source: str) -> None:
    landed = ingest_source(source, None, Landing(tmp_path / "landing"), Memory())
    assert [table.table for table in landed] == [table for table in SOURCE_TABLES if table.source == source]
    for table in landed:
        assert (table.is_configured, table.read, table.loaded, table.rejected) == (False, 0, 0, 0)
        (part,) = table.parts
        assert pq.read_schema(part).equals(table.table.arrow_schema)


def test_a_missing_table_is_empty_and_reported(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "accounts.csv", HEADER, [("1", "A")])
    landed = land("crm", tmp_path / "crm", tmp_path)
    assert not landed["estimates"].is_configured
    assert landed["estimates"].notices == ("no file for this table, so it is empty",)


def test_parts_of_a_table_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "platform" / "Tier"
    header = ["organization_id", "id", "name"]
    write_csv(folder / "2025-02.csv", header, [("1", "2", "feb"), ("1", "3", "feb")])
    write_parquet(folder / "2025-01.parquet", {"organization_id": [1, 1], "id": [1, 2], "name": ["jan", "jan"]})
    write_workbook(folder / "2025-10.xlsx", header, [[1, 3, "oct"]])
    table = land("platform", tmp_path / "platform", tmp_path)["tier"]
    assert sorted((row["id"], row["name"]) for row in rows(table)) == [(1, "jan"), (2, "feb"), (3, "oct")]
    assert [file.name for file in table.files] == ["Tier/2025-01.parquet", "Tier/2025-02.csv", "Tier/2025-10.xlsx"]


def test_two_files_for_one_table_are_an_error_that_names_both(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "accounts.csv", HEADER, [("1", "A")])
    write_parquet(tmp_path / "crm" / "accounts.parquet", {"id": ["1"], "name": ["A"]})
    with pytest.raises(WarehouseError, match=r"accounts\.csv and accounts\.parquet"):
        land("crm", tmp_path / "crm", tmp_path)


def test_a_file_and_a_folder_for_one_table_are_an_error_that_names_both(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "accounts.csv", HEADER, [("1", "A")])
    write_csv(tmp_path / "crm" / "accounts" / "1.csv", HEADER, [("1", "A")])
    with pytest.raises(WarehouseError, match=r"accounts and accounts\.csv"):
        land("crm", tmp_path / "crm", tmp_path)


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="no such folder"):
        land("crm", tmp_path / "crm", tmp_path)


def test_a_file_in_place_of_a_folder_is_an_error(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "accounts.csv", HEADER, [])
    with pytest.raises(WarehouseError, match=r"accounts\.csv: this is a file, not a folder\nTo do: name the folder"):
        land("crm", path, tmp_path)


@pytest.mark.parametrize("source", ["lmn", "crm", "platform"])
def test_an_empty_folder_is_an_error(tmp_path: Path, source: str) -> None:
    (tmp_path / source).mkdir()
    with pytest.raises(WarehouseError, match=f"this folder has no {source} table; it contains nothing"):
        land(source, tmp_path / source, tmp_path)


def test_a_folder_without_a_known_workbook_is_an_error_with_the_expected_headers(tmp_path: Path) -> None:
    write_csv(tmp_path / "lmn" / "estimates_list.csv", ["x", "y"], [])
    with pytest.raises(WarehouseError, match=r"contains estimates_list\.csv") as error:
        land("lmn", tmp_path / "lmn", tmp_path)
    assert "estimates_list by 'Estimate ID' or 'Estimate #' or 'Estimate Number'" in str(error.value.remedy)
    assert "contacts_export by 'CRM ID' and 'Contact ID'" in str(error.value.remedy)


def test_a_folder_of_other_things_is_an_error_that_lists_them(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "acounts.csv", HEADER, [])
    with pytest.raises(WarehouseError, match=r"contains acounts\.csv"):
        land("crm", tmp_path / "crm", tmp_path)


def test_a_misspelt_name_is_reported_with_the_nearest_table(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "accounts.csv", HEADER, [])
    write_csv(tmp_path / "crm" / "estimate.csv", ["id"], [])
    (tmp_path / "crm" / "README.txt").write_text("x")
    notices = land("crm", tmp_path / "crm", tmp_path)["accounts"].notices
    assert "estimate.csv: not named as a table, left out; the nearest table is 'estimates'" in notices
    assert "README.txt: not CSV, Parquet or XLSX, left out" in notices


def test_files_that_may_hold_data_are_reported_as_unread(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "accounts" / "a.csv", HEADER, [])
    unread = [
        "accounts/b.parq",
        "accounts/part-m-00000",
        "contacts",
        "contacts.PQ",
        "contacts.csv.crdownload",
        "contacts.csv.tmp",
        "estimates.dat",
        "profiles.accdb",
        "profiles.feather",
        "profiles.sas7bdat",
        "profiles.sqlite",
    ]
    for name in [*unread, "README", "accounts/_SUCCESS", "contacts.sql", "contacts.csv.bak", "contacts.tmp"]:
        (tmp_path / "crm" / name).write_text("x")
    assert sorted(name for name, _ in land("crm", tmp_path / "crm", tmp_path)["accounts"].unread_files) == unread


def test_hidden_files_and_lock_files_are_ignored(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "accounts.csv", HEADER, [])
    (tmp_path / "crm" / ".DS_Store").write_bytes(b"x")
    (tmp_path / "crm" / "~$accounts.xlsx").write_bytes(b"x")
    table = land("crm", tmp_path / "crm", tmp_path)["accounts"]
    assert table.is_configured
    assert table.notices == ()


def test_an_empty_folder_of_a_table_is_an_empty_table(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "accounts.csv", HEADER, [])
    (tmp_path / "crm" / "contacts").mkdir()
    landed = land("crm", tmp_path / "crm", tmp_path)
    assert not landed["contacts"].is_configured
    assert "contacts: the folder of the table contains no files" in landed["accounts"].notices


def test_extra_columns_are_reported_once_per_table(tmp_path: Path) -> None:
    for name in ("1", "2"):
        write_csv(tmp_path / "crm" / "accounts" / f"{name}.csv", ["id", "name", "colour"], [(name, "A", "red")])
    table = land("crm", tmp_path / "crm", tmp_path)["accounts"]
    assert table.extra_columns == ("colour",)
    assert table.notices == ("columns that the schema does not know, left out: colour",)


def test_the_first_tables_error_is_reported_whichever_is_read_first(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "profiles.csv", ["x"], [])
    write_csv(tmp_path / "crm" / "accounts.csv", ["y"], [])
    for _ in range(5):
        with pytest.raises(WarehouseError, match=r"accounts\.csv"):
            land("crm", tmp_path / "crm", tmp_path)


def test_progress_is_summed_over_the_tables_and_ends_at_its_total(tmp_path: Path) -> None:
    write_parquet(tmp_path / "crm" / "accounts.parquet", {"id": ["1", "2"], "name": ["A", "B"]})
    for name in ("1", "2"):
        write_parquet(tmp_path / "crm" / "contacts" / f"{name}.parquet", {"id": [name], "first_name": ["A"]})
    memory = Memory()
    ingest_source("crm", str(tmp_path / "crm"), Landing(tmp_path / "landing"), memory)
    done = [rows for rows, _, _ in memory.updates]
    assert done == sorted(done)
    assert memory.updates[-1][:2] == (4, 4)
    assert {detail for _, _, detail in memory.updates} == {"crm__accounts", "crm__contacts"}


def test_progress_has_no_total_if_a_file_does_not_give_its_row_count(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "accounts.csv", HEADER, [("1", "A")])
    memory = Memory()
    ingest_source("crm", str(tmp_path / "crm"), Landing(tmp_path / "landing"), memory)
    assert memory.updates[-1] == (1, None, "crm__accounts")


@pytest.mark.parametrize("name", ["crm/accounts.csv", "crm/accounts", "crm/contacts/1.parquet", "lmn/Estimates.xlsx"])
@pytest.mark.parametrize("target", ["/nonexistent/a", "itself"])
def test_a_broken_link_is_an_error_that_names_it(tmp_path: Path, name: str, target: str) -> None:
    write_csv(tmp_path / "crm" / "profiles.csv", ["id"], [("1",)])
    write_csv(tmp_path / "lmn" / "e.csv", ["Estimate ID"], [("1",)])
    link = tmp_path / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(link.name if target == "itself" else target)
    source = name.split("/", maxsplit=1)[0]
    with pytest.raises(WarehouseError, match=rf"{name}: this link leads nowhere"):
        land(source, tmp_path / source, tmp_path)


def test_a_link_to_a_file_is_that_file(tmp_path: Path) -> None:
    there = write_csv(tmp_path / "elsewhere.csv", HEADER, [("1", "A")])
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "accounts.csv").symlink_to(there)
    assert land("crm", tmp_path / "crm", tmp_path)["accounts"].loaded == 1


def test_a_pipe_and_a_folder_are_reported_by_their_kind(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "accounts" / "1.csv", HEADER, [("1", "A")])
    (tmp_path / "crm" / "accounts" / "2.csv").mkdir()
    os.mkfifo(tmp_path / "crm" / "contacts.csv")
    notices = land("crm", tmp_path / "crm", tmp_path)["accounts"].notices
    assert "contacts.csv: a named pipe, not a file, left out" in notices
    assert "accounts/2.csv: a folder, not a file, left out" in notices


def test_columns_missing_from_the_last_part_are_reported(tmp_path: Path) -> None:
    write_parquet(tmp_path / "platform" / "tier" / "part-9.parquet", {"organization_id": [1], "id": [1], "name": ["a"]})
    write_parquet(tmp_path / "platform" / "tier" / "part-10.parquet", {"organization_id": [1], "id": [2]})
    assert land("platform", tmp_path / "platform", tmp_path)["tier"].lacking == {"name": "tier/part-10.parquet"}
    write_parquet(tmp_path / "platform" / "tier" / "part-9.parquet", {"organization_id": [1], "id": [1]})
    assert land("platform", tmp_path / "platform", tmp_path)["tier"].lacking == {}
