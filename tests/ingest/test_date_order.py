"""Day and month of dates like 3/5/2024: month first, unless their file shows otherwise or a setting says so (D41)."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.common.errors import WarehouseError
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.landing.zone import Landing
from pipeline.ingest.sources import ingest_source
from pipeline.settings import DateOrder
from tests.ingest.ingest_harness import Silence, land, refused, rows, write_csv, write_parquet, write_workbook

HEADER = ["id", "lmn_estimate_id", "contract_start", "contract_end"]


def estimates(location: Path | str, state: Path, order: DateOrder = "auto") -> LandedTable:
    """Land the CRM's estimates."""
    landed = ingest_source("crm", str(location), Landing(state / "landing"), Silence(), order)
    return next(table for table in landed if table.table.name == "estimates")


def days(table: LandedTable) -> list[tuple[dt.date | None, dt.date | None]]:
    """Return start and end of each estimate."""
    return [(row["contract_start"], row["contract_end"]) for row in rows(table)]


def in_any_format(folder: Path, suffix: str, lines: list[tuple[str, str, str, str]]) -> Path | str:
    """Write the estimates as a source of that format."""
    folder.mkdir(exist_ok=True)
    if suffix == "csv":
        write_csv(folder / "estimates.csv", HEADER, lines)
    elif suffix == "xlsx":
        write_workbook(folder / "estimates.xlsx", HEADER, lines)
    elif suffix == "parquet":
        write_parquet(
            folder / "estimates.parquet",
            {name: pa.array([line[at] for line in lines]) for at, name in enumerate(HEADER)},
        )
    else:
        with sqlite3.connect(folder / "source.db") as connection:
            connection.execute(f"create table estimates ({', '.join(HEADER)})")
            connection.executemany("insert into estimates values (?, ?, ?, ?)", lines)
        connection.close()
        return f"sqlite:///{folder}/source.db"
    return folder


FORMATS = pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet", "sqlite"])


@FORMATS
def test_dates_are_month_first_unless_one_shows_otherwise(tmp_path: Path, suffix: str) -> None:
    lines = [("1", "E1", "3/5/2024", "4/6/25"), ("2", "E2", "2024-12-25", "12/25/2024 9:00 AM")]
    table = estimates(in_any_format(tmp_path / "crm", suffix, lines), tmp_path)
    assert days(table) == [
        (dt.date(2024, 3, 5), dt.date(2025, 4, 6)),
        (dt.date(2024, 12, 25), dt.date(2024, 12, 25)),
    ]
    assert refused(table) == []
    assert not any("day first" in notice for notice in table.notices)


@FORMATS
def test_a_day_first_date_in_any_column_makes_the_whole_file_day_first(tmp_path: Path, suffix: str) -> None:
    lines = [("1", "E1", "3/5/2024", "3/5/2025"), ("2", "E2", "", "25/12/2024")]
    table = estimates(in_any_format(tmp_path / "crm", suffix, lines), tmp_path)
    assert days(table) == [(dt.date(2024, 5, 3), dt.date(2025, 5, 3)), (None, dt.date(2024, 12, 25))]
    assert refused(table) == []
    day_first = [notice for notice in table.notices if "day first" in notice]
    assert len(day_first) == 1
    assert "'25/12/2024' in row" in day_first[0]
    assert "contract_end" in day_first[0]


@FORMATS
def test_both_orders_in_one_file_are_an_error_that_names_a_cell_of_each(tmp_path: Path, suffix: str) -> None:
    lines = [("1", "E1", "3/25/2024", "3/5/2025"), ("2", "E2", "3/5/2024", "25/12/2024")]
    with pytest.raises(WarehouseError, match="two orders") as error:
        estimates(in_any_format(tmp_path / "crm", suffix, lines), tmp_path)
    for shown in ("'3/25/2024' in row", "contract_start", "'25/12/2024' in row", "contract_end", "date_order"):
        assert shown in str(error.value)


@pytest.mark.parametrize(("order", "first"), [("month_first", dt.date(2024, 3, 5)), ("day_first", dt.date(2024, 5, 3))])
def test_a_setting_decides_and_dates_in_the_other_order_are_rejected(
    tmp_path: Path, order: DateOrder, first: dt.date
) -> None:
    lines = [("1", "E1", "3/5/2024", "3/25/2024"), ("2", "E2", "3/5/2024", "25/12/2024")]
    table = estimates(in_any_format(tmp_path / "crm", "csv", lines), tmp_path, order)
    assert [start for start, _ in days(table)] == [first, first]
    assert len(refused(table)) == 1


def test_a_changed_setting_reads_a_file_again(tmp_path: Path) -> None:
    location = in_any_format(tmp_path / "crm", "csv", [("1", "E1", "3/5/2024", "")])
    assert days(estimates(location, tmp_path))[0][0] == dt.date(2024, 3, 5)
    assert days(estimates(location, tmp_path, "day_first"))[0][0] == dt.date(2024, 5, 3)


def test_each_file_of_a_table_shows_its_own_order(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "estimates" / "a.csv", HEADER, [("1", "E1", "3/5/2024", "25/12/2024")])
    write_csv(tmp_path / "crm" / "estimates" / "b.csv", HEADER, [("2", "E2", "3/5/2024", "12/25/2024")])
    assert [start for start, _ in days(estimates(tmp_path / "crm", tmp_path))] == [
        dt.date(2024, 5, 3),
        dt.date(2024, 3, 5),
    ]


@pytest.mark.parametrize(
    ("dates", "is_swapped"),
    [
        ([*range(2, 7), "25/3/2024"], True),
        ([*range(2, 7), "3/25/2024"], True),  # typed into a spreadsheet with day-first dates
        ([*range(2, 7), "5/3/2024"], False),  # as some text
        ([*range(2, 7), 13, "25/3/2024"], False),
        ([*range(2, 6), "25/3/2024"], False),
        ([*[1] * 9, "25/3/2024"], False),  # contracts begin on the first
    ],
)
def test_a_workbooks_dates_swapped_by_a_spreadsheet_are_reported(
    tmp_path: Path, dates: list[int | str], is_swapped: bool
) -> None:
    cells = [day if isinstance(day, str) else dt.date(2024, 3, day) for day in dates]
    lines = [(f"EST{at}", cell) for at, cell in enumerate(cells)]
    write_workbook(tmp_path / "lmn" / "a.xlsx", ["Estimate ID", "Contract End"], lines)
    table = land("lmn", tmp_path / "lmn", tmp_path)["estimates_list"]
    assert [reading.swapped_days for reading in table.readings] == [("contract_end",) if is_swapped else ()]
