"""Amounts such as 12.000 beside ones such as 1.234,50, which are ambiguous (lmn-format, Values)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.ingest.landing.landed_table import LandedTable
from tests.ingest.ingest_harness import land, rejects, rows, write_csv, write_parquet, write_workbook

HEADER = ["Estimate ID", "Total Price", "Labor Cost"]


def prices(folder: Path, lines: list[tuple[str, str, str]], suffix: str = "csv") -> list[str | None]:
    """Return the total prices that were read."""
    return [
        None if row["total_price"] is None else str(row["total_price"]) for row in rows(table(folder, lines, suffix))
    ]


def table(folder: Path, lines: list[tuple[str, str, str]], suffix: str = "csv") -> LandedTable:
    """Land the estimates."""
    if suffix == "csv":
        write_csv(folder / "lmn" / "a.csv", HEADER, lines)
    elif suffix == "parquet":
        write_parquet(folder / "lmn" / "a.parquet", dict(zip(HEADER, map(list, zip(*lines, strict=True)), strict=True)))
    else:
        write_workbook(folder / "lmn" / "a.xlsx", HEADER, lines)
    return land("lmn", folder / "lmn", folder)["estimates_list"]


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
@pytest.mark.parametrize("comma", ["1.234,50", "12,50", "€ 1 234,5", "1.234.567", "1'234,00 €", "(1.234,50)"])
def test_a_point_that_may_separate_thousands_is_refused_beside_decimal_commas(
    tmp_path: Path, suffix: str, comma: str
) -> None:
    lines = [("E1", "12.000", "12.000"), ("E2", comma, "1.5"), ("E3", "$ 8,000", ""), ("E4", "8.5", "8.500")]
    found = table(tmp_path, lines, suffix)
    assert [row["total_price"] and str(row["total_price"]) for row in rows(found)] == [None, None, None, "8.50"]
    assert [str(row["labor_cost"]) for row in rows(found)] == ["12.00", "1.50", "None", "8.50"]
    assert [(r["row_number"], r["value"]) for r in rejects(found)] == [(2, "12.000"), (3, comma), (4, "$ 8,000")]
    assert "decimal commas" in rejects(found)[0]["reason"]


def test_without_decimal_commas_a_point_separates_decimals(tmp_path: Path) -> None:
    lines = [("E1", "12.000", ""), ("E2", "1,234.50", ""), ("E3", "0.125", ""), ("E4", "8,000", ""), ("E5", "€5", "")]
    assert prices(tmp_path, lines) == ["12.00", "1234.50", "0.13", "8000.00", None]


def test_each_file_shows_its_own_commas(tmp_path: Path) -> None:
    header = ["id", "total_price"]
    write_csv(tmp_path / "crm" / "estimates" / "a.csv", header, [("1", "12.000"), ("2", "1,5")])
    write_csv(tmp_path / "crm" / "estimates" / "b.csv", header, [("3", "12.000"), ("4", "0.125")])
    found = land("crm", tmp_path / "crm", tmp_path)["estimates"]
    assert [row["total_price"] and str(row["total_price"]) for row in rows(found)] == [None, None, "12.00", "0.13"]


def test_a_decimal_comma_in_one_column_makes_points_in_another_ambiguous(tmp_path: Path) -> None:
    found = table(tmp_path, [("E1", "1.234,50", "12.000"), ("E2", "", "8.000")])
    assert [row["labor_cost"] for row in rows(found)] == [None, None]
    assert [(r["row_number"], r["column_name"]) for r in rejects(found)][1:] == [(2, "total_price"), (3, "labor_cost")]


def test_a_comma_beside_decimal_points_makes_no_other_column_ambiguous(tmp_path: Path) -> None:
    found = table(tmp_path, [("E1", "12,5", "12.000"), ("E2", "8.50", "8.000")])
    assert [str(row["labor_cost"]) for row in rows(found)] == ["12.00", "8.00"]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_money_in_whole_numbers_beside_points_may_be_in_thousands(tmp_path: Path, suffix: str) -> None:
    assert prices(tmp_path, [("E1", "12.000", ""), ("E2", "850", ""), ("E3", "1.500", "")], suffix) == [
        None,
        "850.00",
        None,
    ]


def test_money_with_three_decimals_throughout_is_in_decimals(tmp_path: Path) -> None:
    assert prices(tmp_path, [("E1", "12.000", ""), ("E2", "850.000", "")]) == ["12.00", "850.00"]


@pytest.mark.parametrize(("delimiter", "read"), [(",", ["12.00", "1.50"]), (";", ["None", "None"])])
def test_money_in_points_beside_semicolons_may_be_in_thousands(tmp_path: Path, delimiter: str, read: list[str]) -> None:
    lines = [("1", "A", "12.000", "12.000"), ("2", "B", "1.500", "1.500")]
    header = ["id", "name", "annual_revenue", "organization_score"]
    write_csv(tmp_path / "crm" / "accounts.csv", header, lines, delimiter)
    found = rows(land("crm", tmp_path / "crm", tmp_path)["accounts"])
    assert [str(row["annual_revenue"]) for row in found] == read
    assert [str(row["organization_score"]) for row in found] == ["12.00", "1.50"]


def test_a_late_amount_shows_that_points_separate_decimals(tmp_path: Path) -> None:
    lines = [("E1", "12.000", ""), *[(f"E{at}", "850", "") for at in range(2, 1100)], ("E0", "1.50", "")]
    assert prices(tmp_path, lines)[0] == "12.00"
