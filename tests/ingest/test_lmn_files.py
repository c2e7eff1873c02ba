"""LMN's files (lmn-format): how they are recognised, and every trap of that page with a real file."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from pipeline.common.errors import WarehouseError
from pipeline.ingest.landing.landed_table import LandedTable
from tests.ingest.ingest_harness import land, refused, rejects, rows, write_csv, write_workbook

ESTIMATES = ["Estimate ID", "Contact ID", "Contract End", "Total Price", "Archived", "Address"]
CONTACTS = ["CRM ID", "Contact ID", "CRM Name", "PrimaryContact"]
JOBSITES = ["Contact ID", "Jobsite ID", "Jobsite Name"]
LEADS = ["Lead Name", "First Name", "DoNotEmail"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for LMN's files."""
    (tmp_path / "lmn").mkdir()
    return tmp_path / "lmn"


def estimates(folder: Path) -> LandedTable:
    """Land the folder; return its estimates."""
    return land("lmn", folder, folder.parent)["estimates_list"]


def column(table: LandedTable, name: str) -> list[object]:
    """Return one column of the landed rows."""
    return [row[name] for row in rows(table)]


# --- recognition ------------------------------------------------------------------------------------------------------


def test_workbooks_are_recognised_by_their_headers_whatever_their_names(folder: Path) -> None:
    write_workbook(folder / "ACME Estimates List.xlsx", ESTIMATES, [["EST1"]])
    write_workbook(folder / "Jobsite Export (1).xlsx", JOBSITES, [["7", "J1"]])
    write_workbook(folder / "a.xlsx", CONTACTS, [["7", "P1", "Acme"], ["8", "P2", "Beta"]])
    write_workbook(folder / "b.xlsx", LEADS, [["Lee"]])
    landed = land("lmn", folder, folder.parent)
    assert {name: table.loaded for name, table in landed.items()} == {
        "estimates_list": 1,
        "leads_list": 1,
        "jobsite_export": 1,
        "contacts_export": 2,
    }


@pytest.mark.parametrize("header", ["Estimate ID", "estimate #", " Estimate Number "])
def test_estimates_are_recognised_by_any_alias_despite_their_contact_id(folder: Path, header: str) -> None:
    write_workbook(folder / "x.xlsx", ["Contact ID", header, "CRM ID"], [["7", "EST1", "7"]])
    assert column(estimates(folder), "lmn_estimate_id") == ["EST1"]


def test_csv_files_are_recognised_the_same_way(folder: Path) -> None:
    write_csv(folder / "export.csv", ESTIMATES, [["EST1", "7", "7/15/2025", "$1,200.00", "Yes", "12 Main St"]])
    (row,) = rows(estimates(folder))
    assert (row["crm_link"], row["contract_end"], row["total_price"]) == ("7", dt.date(2025, 7, 15), Decimal("1200.00"))


def test_two_files_of_one_table_are_read_in_the_order_of_their_names(folder: Path) -> None:
    write_workbook(folder / "Estimates 2.xlsx", ESTIMATES, [["EST2", "new"], ["EST3", "new"]])
    write_workbook(folder / "Estimates 1.xlsx", ESTIMATES, [["EST1", "old"], ["EST2", "old"]])
    table = estimates(folder)
    assert [(row["lmn_estimate_id"], row["crm_link"]) for row in rows(table)] == [
        ("EST1", "old"),
        ("EST2", "new"),
        ("EST3", "new"),
    ]
    assert [(r["file"], r["row_number"], r["value"]) for r in rejects(table)] == [("Estimates 1.xlsx", 3, "EST2")]


def test_row_numbers_continue_from_file_to_file(folder: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    write_workbook(folder / "1.xlsx", ESTIMATES, [["EST9"], ["EST8"]])
    write_workbook(folder / "2.xlsx", ESTIMATES, [["EST1"], ["EST0"]])
    (part,) = estimates(folder).parts
    landed = pq.read_table(part).sort_by("_row")
    assert landed["lmn_estimate_id"].to_pylist() == ["EST9", "EST8", "EST1", "EST0"]
    assert len(set(landed["_row"].to_pylist())) == 4


def test_a_file_that_is_not_from_lmn_is_left_out_and_reported_with_the_nearest_table(folder: Path) -> None:
    write_workbook(folder / "Estimates.xlsx", ESTIMATES, [["EST1"]])
    write_csv(folder / "budget.csv", ["City", "Budget", "Owner", "Quarter"], [["Bath", "1", "x", "y"]])
    (notice,) = land("lmn", folder, folder.parent)["estimates_list"].notices
    assert "budget.csv" in notice
    assert "nearest is" in notice


def test_a_file_that_is_nearly_a_table_stops_the_run_and_names_the_nearest_header(folder: Path) -> None:
    write_workbook(folder / "e.xlsx", ["Estimat ID", *ESTIMATES[1:]], [["EST1"]])
    with pytest.raises(WarehouseError) as error:
        land("lmn", folder, folder.parent)
    assert "e.xlsx" in str(error.value)
    assert "'Estimate ID'" in str(error.value)
    assert "'Estimat ID'" in str(error.value)


def test_contacts_without_their_names_stop_with_the_nearest_header(folder: Path) -> None:
    write_workbook(folder / "c.xlsx", ["CRM ID", "Contact ID", "CRM Nme"], [["7", "P1", "Acme"]])
    with pytest.raises(WarehouseError, match=r"'CRM Name'.*'CRM Nme'"):
        land("lmn", folder, folder.parent)


# --- the traps --------------------------------------------------------------------------------------------------------


def test_the_contact_id_of_an_estimate_is_read_as_the_accounts_crm_id(folder: Path) -> None:
    write_workbook(folder / "e.xlsx", ESTIMATES, [["EST1", "2357283"]])
    assert column(estimates(folder), "crm_link") == ["2357283"]


def test_raw_serials_are_not_read_a_day_early(folder: Path) -> None:
    write_workbook(
        folder / "e.xlsx", ESTIMATES, [["EST1", None, 45853], ["EST2", None, "45853"], ["EST3", None, 45853.7]]
    )
    assert column(estimates(folder), "contract_end") == [dt.date(2025, 7, 15)] * 3


def test_date_cells_are_dates(folder: Path) -> None:
    cells = [dt.date(2025, 7, 15), dt.datetime(2025, 7, 15, 23, 59, 59)]
    write_workbook(folder / "e.xlsx", ESTIMATES, [[f"EST{at}", None, cell] for at, cell in enumerate(cells)])
    assert column(estimates(folder), "contract_end") == [dt.date(2025, 7, 15)] * 2


def test_workbooks_that_count_from_1904_are_read_by_their_own_calendar(folder: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.epoch = CALENDAR_MAC_1904
    sheet = workbook.active
    assert sheet is not None
    sheet.append(ESTIMATES)
    sheet.append(["EST1", None, dt.date(2025, 7, 15)])
    sheet.append(["EST2", None, 45853 - 1462])  # a raw serial
    workbook.save(folder / "e.xlsx")
    assert column(estimates(folder), "contract_end") == [dt.date(2025, 7, 15)] * 2


def test_amounts_in_parentheses_are_negative(folder: Path) -> None:
    amounts = ["($50.25)", "(1,234.50)", "-3", "4-", "$1,000", 12.5]
    write_workbook(folder / "e.xlsx", ESTIMATES, [[f"EST{at}", None, None, a] for at, a in enumerate(amounts)])
    expected = ["-50.25", "-1234.50", "-3.00", "-4.00", "1000.00", "12.50"]
    assert [str(value) for value in column(estimates(folder), "total_price")] == expected


def test_yes_in_archived_is_true(folder: Path) -> None:
    spellings = ["Yes", "no", True, False, 1, 0, "x", None]
    write_workbook(folder / "e.xlsx", ESTIMATES, [[f"EST{at}", *[None] * 3, s] for at, s in enumerate(spellings)])
    assert column(estimates(folder), "archived") == [True, False, True, False, True, False, True, None]


def test_rows_without_a_contact_id_stay(folder: Path) -> None:
    write_workbook(folder / "e.xlsx", ESTIMATES, [["EST1", None], ["EST2", "7"]])
    assert column(estimates(folder), "crm_link") == [None, "7"]


def test_a_numeric_crm_id_cell_is_its_integer_text(folder: Path) -> None:
    write_workbook(folder / "c.xlsx", CONTACTS, [[2357283, "P1", "Acme"], [2357284.0, 99, 1234], ["007", "P3", "Beta"]])
    table = land("lmn", folder, folder.parent)["contacts_export"]
    assert column(table, "lmn_crm_id") == ["2357283", "2357284", "007"]
    assert column(table, "name") == ["Acme", "1234", "Beta"]


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_line_breaks_inside_cells_do_not_break_rows(folder: Path, suffix: str) -> None:
    write = write_workbook if suffix == ".xlsx" else write_csv
    write(
        folder / f"e{suffix}",
        ESTIMATES,
        [["EST1", None, None, None, None, "12 Main St\nUnit 4\n"], ["EST2"] + [None] * 5],
    )
    table = estimates(folder)
    assert column(table, "address") == ["12 Main St\nUnit 4", None]
    assert not rejects(table)


def test_estimates_of_unknown_accounts_are_kept(folder: Path) -> None:
    write_workbook(folder / "c.xlsx", CONTACTS, [["7", "P1", "Acme"]])
    write_workbook(folder / "e.xlsx", ESTIMATES, [["EST1", "7"], ["EST2", "999"]])
    assert column(estimates(folder), "crm_link") == ["7", "999"]


def test_more_than_a_thousand_rows_are_read(folder: Path) -> None:
    write_workbook(folder / "e.xlsx", ESTIMATES, [[f"EST{at}"] for at in range(9001)])
    assert estimates(folder).loaded == 9001


def test_the_last_of_duplicate_estimates_is_kept_and_the_others_are_quarantined(folder: Path) -> None:
    write_workbook(folder / "e.xlsx", ESTIMATES, [["EST1", "a"], ["EST2", "b"], ["EST1", "c"], ["EST1", "d"]])
    table = estimates(folder)
    assert [(row["lmn_estimate_id"], row["crm_link"]) for row in rows(table)] == [("EST2", "b"), ("EST1", "d")]
    assert refused(table) == [
        (2, "lmn_estimate_id", "EST1", "row dropped"),
        (4, "lmn_estimate_id", "EST1", "row dropped"),
    ]


@pytest.mark.parametrize("header", ["Contract End", "contract end date", "Renewal Date"])
def test_contract_end_is_read_under_each_header(folder: Path, header: str) -> None:
    write_workbook(folder / "e.xlsx", ["Estimate ID", header], [["EST1", "7/15/2025"]])
    assert column(estimates(folder), "contract_end") == [dt.date(2025, 7, 15)]


# --- values -----------------------------------------------------------------------------------------------------------


def test_an_impossible_date_is_null_and_quarantined_and_its_row_stays(folder: Path) -> None:
    write_workbook(folder / "e.xlsx", ESTIMATES, [["EST1", None, "2/30/2025"], ["EST2", None, "1/1/1999"]])
    table = estimates(folder)
    assert column(table, "contract_end") == [None, None]
    assert refused(table) == [
        (2, "contract_end", "2/30/2025", "cell nulled"),
        (3, "contract_end", "1/1/1999", "cell nulled"),
    ]


def test_error_cells_of_a_sheet_are_quarantined_and_not_taken_for_blanks(folder: Path) -> None:
    write_workbook(folder / "e.xlsx", ESTIMATES, [["EST1", "#N/A", "#REF!", "#DIV/0!"], ["EST2", "7"]])
    table = estimates(folder)
    assert refused(table) == [
        (2, "contract_end", "#REF!", "cell nulled"),
        (2, "crm_link", "#N/A", "cell nulled"),
        (2, "total_price", "#DIV/0!", "cell nulled"),
    ]
    assert column(table, "crm_link") == [None, "7"]


def test_empty_rows_are_skipped_and_row_numbers_are_those_of_the_sheet(folder: Path) -> None:
    write_workbook(folder / "e.xlsx", ESTIMATES, [["EST1"], [], [None, " "], ["EST2", None, "never"], [None, "7"]])
    table = estimates(folder)
    assert (table.read, table.loaded, table.rejected) == (3, 2, 1)
    assert refused(table) == [(5, "contract_end", "never", "cell nulled"), (6, "lmn_estimate_id", None, "row dropped")]


def test_text_is_trimmed_and_blank_text_is_null(folder: Path) -> None:
    write_workbook(folder / "e.xlsx", ESTIMATES, [["  EST1 ", " ", None, None, None, "\t12 Main \n"]])
    (row,) = rows(estimates(folder))
    assert (row["lmn_estimate_id"], row["crm_link"], row["address"]) == ("EST1", None, "12 Main")


def test_tags_are_a_comma_list(folder: Path) -> None:
    write_workbook(folder / "c.xlsx", [*CONTACTS, "Tags"], [["7", "P1", "Acme", "Yes", "VIP, Snow,,"]])
    assert column(land("lmn", folder, folder.parent)["contacts_export"], "tags") == ['["VIP","Snow"]']


HEADERS_OF_THE_FORMAT_PAGE = {
    "estimates_list": (
        "Estimate ID,Estimate Type,Estimate Date,Estimate Close Date,Contract Start,Contract End,Project Name,Version,"
        "Contact Name,Contact ID,CRM Tags,Address,Billing Address,Phone 1,Phone 2,Email,Salesperson,Estimator,Status,"
        "Sales Pipeline Status,Proposal First Shared,Proposal Last Shared,Proposal Last Updated,Division,Referral,"
        "Ref. Note,Confidence Level,Archived,Exclude Stats,Material Cost,Material Price,Labor Cost,Labor Price,"
        "Labor Hours,Equipment Cost,Equipment Price,Other Costs,Other Price,Sub Costs,Sub Price,Total Price,"
        "Total Price With Tax,Total Cost,Total Overhead,Breakeven,Total Profit,Predicted Sales"
    ),
    "contacts_export": (
        "CRM ID,Contact ID,CRM Name,Type,Classification,Tags,Archived,PrimaryContact,First Name,Last Name,Phone 1,"
        "Phone 2,Email 1,Email 2,Notes,Address 1,Address 2,City,State,Zip,Country"
    ),
    "leads_list": (
        "Lead Name,First Name,Last Name,Position,Address 1,Address 2,City,State,Zip,Country,Phone 1,Phone 2,Email 1,"
        "Email 2,Notes,Type,Created,Classification,DoNotEmail,DoNotMail,DoNotCall,CustomClientID,ReferralSource,"
        "Billing Contact,Send SMS"
    ),
    "jobsite_export": (
        "Contact ID,Contact Name,Jobsite ID,Jobsite Name,Address 1,Address 2,City,Province,Postal Code,Country,Notes"
    ),
}


def test_all_headers_of_the_format_page_are_known(folder: Path) -> None:
    for table, headers in HEADERS_OF_THE_FORMAT_PAGE.items():
        names = headers.split(",")
        write_csv(folder / f"{table[0]}.csv", names, [["1"] * len(names)] if table == "estimates_list" else [])
    landed = land("lmn", folder, folder.parent)
    assert {name for name, table in landed.items() if table.is_configured} == set(HEADERS_OF_THE_FORMAT_PAGE)
    assert [table.extra_columns for table in landed.values()] == [(), (), (), ()]
