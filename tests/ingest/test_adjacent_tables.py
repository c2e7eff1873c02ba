"""A second table to the right of the first one of a file, after an empty column."""

from pathlib import Path

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.ingest.landing.landed_table import LandedTable
from tests.ingest.ingest_harness import Row, land, refused, rows, write_csv, write_workbook

FORMATS = pytest.mark.parametrize("suffix", ["csv", "xlsx"])
ROWS: list[list[object]] = [["EST1", "Sold", None, "Snow", "500"], ["EST2", "Lost", " ", None, None]]


def estimates(tmp_path: Path, suffix: str, headers: list[object], lines: list[list[object]]) -> LandedTable:
    path = tmp_path / "lmn" / f"a.{suffix}"
    if suffix == "csv":
        write_csv(path, [str(header or "") for header in headers], lines)
    else:
        write_workbook(path, headers, lines)
    return land("lmn", tmp_path / "lmn", tmp_path)["estimates_list"]


def apart(table: LandedTable) -> list[tuple[str, ...]]:
    return [reading.columns_apart for reading in table.readings]


def divisions(table: LandedTable) -> list[Row]:
    return [row["division"] for row in rows(table)]


@FORMATS
def test_columns_after_an_empty_one_are_read_and_reported(tmp_path: Path, suffix: str) -> None:
    table = estimates(tmp_path, suffix, ["Estimate ID", "Status", None, "Division", "Invoices"], ROWS)
    assert divisions(table) == ["Snow", None]
    assert apart(table) == [("Division",)]


@FORMATS
def test_columns_before_an_empty_one_are_read_and_reported_if_the_ids_come_after(tmp_path: Path, suffix: str) -> None:
    lines = [["Snow", None, "EST1", "Sold"], [None, None, "EST2", "Lost"]]
    assert apart(estimates(tmp_path, suffix, ["Division", None, "Estimate ID", "Status"], lines)) == [("Division",)]


@FORMATS
@pytest.mark.parametrize("label", ["Estimate #", "CRM ID"])
def test_a_second_table_with_its_own_ids_stops_the_run(tmp_path: Path, suffix: str, label: str) -> None:
    with pytest.raises(
        WarehouseError, match=rf"behind an empty column is another '{label}': a second table is next to"
    ):
        estimates(tmp_path, suffix, ["Estimate ID", "Status", None, label, "Division"], ROWS)


@FORMATS
def test_a_column_without_a_header_but_with_a_cell_separates_nothing(tmp_path: Path, suffix: str) -> None:
    lines = [["EST1", "Sold", None, "Snow"], ["EST2", "Lost", "late", None]]
    table = estimates(tmp_path, suffix, ["Estimate ID", "Status", None, "Division"], lines)
    assert (apart(table), refused(table)) == ([()], [])


@FORMATS
def test_empty_columns_at_the_ends_separate_nothing(tmp_path: Path, suffix: str) -> None:
    lines = [[None, "EST1", "Snow", None], [None, "EST2", None, None]]
    assert apart(estimates(tmp_path, suffix, [None, "Estimate ID", "Division", None], lines)) == [()]


def test_empty_columns_between_all_columns_separate_nothing(tmp_path: Path) -> None:
    (tmp_path / "lmn").mkdir()
    (tmp_path / "lmn" / "a.csv").write_text("Estimate ID||Status||Division\nEST1||Sold||Snow\n")
    table = land("lmn", tmp_path / "lmn", tmp_path)["estimates_list"]
    assert (divisions(table), apart(table)) == (["Snow"], [()])


def test_a_folders_column_comes_after_the_last_header(tmp_path: Path) -> None:
    folder = tmp_path / "platform" / "tier" / "organization_id=7"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("id,name,\n1,Gold,\n2,Silver,\n")
    table = land("platform", tmp_path / "platform", tmp_path)["tier"]
    assert [(row["organization_id"], row["id"], row["name"]) for row in rows(table)] == [
        (7, 1, "Gold"),
        (7, 2, "Silver"),
    ]
    assert apart(table) == [()]
